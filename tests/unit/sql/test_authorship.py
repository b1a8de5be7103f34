"""What mariadb-dump doesn't write is told, wherever in a dump it stands; what it writes isn't."""

from __future__ import annotations

import io

import pytest
from datadump.sql import authorship
from datadump.sql.authorship import Authorship, ForeignError, authored
from datadump.sql.lines import DumpError
from datadump.sql.sections import sections

HEAD = b"""/*M!999999\\- enable the sandbox mode */\x20
ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- MariaDB dump 10.19-11.8.6-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: shop
-- ------------------------------------------------------
-- Server version\t11.8.6-MariaDB

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
/*M!100616 SET @OLD_NOTE_VERBOSITY=@@NOTE_VERBOSITY, NOTE_VERBOSITY=0 */;

--
-- Sequence structure for `s`
--

DROP SEQUENCE IF EXISTS `s`;
CREATE SEQUENCE `s` as bigint unsigned start with -5 minvalue 1 maxvalue 9 increment by 1 nocache \
nocycle ENGINE=InnoDB COMMENT='it''s; x' CONNECTION='x' \
`PAGE_COMPRESSED`='1' /* `foo`='it''s a*b' */;
DO SETVAL(`s`, -7, 0);

"""
STRUCTURE = b"""--
-- Table structure for table `it's`
--

DROP TABLE IF EXISTS `it's`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `it's` (
  `a``;` int(11) NOT NULL DEFAULT nextval(`shop`.`s`) CHECK (`a``;` <> 5 - -1 and `b` like '%\\';'),
  `b` text /*M!100301 COMPRESSED*/ GENERATED ALWAYS AS (concat('-- ''\\\\',`c`)) VIRTUAL,
  `d` datetime(6) /* mariadb-5.3 */ DEFAULT (--(1 + @`x`) + @@timestamp),
  PRIMARY KEY (`a``;`),
  FULLTEXT KEY `b` (`b`) /*!50100 WITH PARSER `p` */\x20
) ENGINE=Aria DEFAULT CHARSET=latin1 COMMENT='/* SELECT; */' /* TRANSACTIONAL=1 */ \
`FOO`='x''*y' /* `bar`='SELECT' */
 PARTITION BY RANGE (year(`a``;`))
(PARTITION `p0` VALUES LESS THAN (10) ENGINE = Aria,
 PARTITION `p1` VALUES IN (1,2) DATA DIRECTORY = '/x' ENGINE = Aria);
/*!40101 SET character_set_client = @saved_cs_client */;

"""
ROWS = b"""--
-- Dumping data for table `it's`
--

/*M!101100 SET @old_system_versioning_insert_history=@@session.system_versioning_insert_history, \
@@session.system_versioning_insert_history=1 */;
SET @OLD_AUTOCOMMIT=@@AUTOCOMMIT, @@AUTOCOMMIT=0;
LOCK TABLES `it's` WRITE;
/*!40000 ALTER TABLE `it's` DISABLE KEYS */;
INSERT INTO `it's` (`a``;`, `c`, row_start) VALUES (1,NULL,-1.5),
(2,'it''s \\\\','-- \\'; SELECT 1'),
(-3.5e-10,'',0x00FF);
INSERT INTO `it's` (`a``;`, `c`, row_start) VALUES (1e30,_binary '\\0\\'\xff',.5),
(NULL,NULL,1);
/*!40000 ALTER TABLE `it's` ENABLE KEYS */;
UNLOCK TABLES;
COMMIT;
SET AUTOCOMMIT=@OLD_AUTOCOMMIT;
/*M!101100 SET system_versioning_insert_history=@old_system_versioning_insert_history */;

"""
PROGRAMS = b"""/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET character_set_client  = sjis */ ;
/*!50003 SET sql_mode              = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES' */ ;
/*!50032 DROP TRIGGER IF EXISTS `t` */;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 trigger`t`before INSERT ON `it's`
FOR EACH ROW BEGIN SELECT LOAD_FILE('x\\'); END */;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
ALTER DATABASE `shop` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ;

--
-- Temporary table structure for view `v`
--

DROP TABLE IF EXISTS `v`;
/*!50001 DROP VIEW IF EXISTS `v`*/;
SET @saved_cs_client     = @@character_set_client;
SET character_set_client = utf8mb4;
/*!50001 CREATE VIEW `v` AS SELECT
 1 AS `a`,
  1 AS `b` */;
SET character_set_client = @saved_cs_client;

--
-- Dumping events for database 'shop'
--
/*!50106 SET @save_time_zone= @@TIME_ZONE */ ;
/*!50106 DROP EVENT IF EXISTS `e` */;
DELIMITER ;;
/*!50003 SET time_zone             = 'SYSTEM' */ ;;
/*!50106 CREATE*/ /*!50117 DEFINER=`root`@`%`*/ /*!50106 EVENT `e` ON SCHEDULE EVERY 1 YEAR \
ON COMPLETION NOT PRESERVE ENABLE DO SET @x = 1 */ ;;
/*!50003 SET time_zone             = @saved_time_zone */ ;;
DELIMITER ;
/*!50106 SET TIME_ZONE= @save_time_zone */ ;

--
-- Dumping routines for database 'shop'
--
/*!50003 DROP FUNCTION IF EXISTS `f` */;
DELIMITER ;;
CREATE DEFINER="root"@"localhost" FUNCTION "f"() RETURN int(11)
AS BEGIN RETURN 1; END
;;
CREATE DEFINER=`role` PACKAGE BODY `k` AS PROCEDURE q AS BEGIN NULL; END; END
;;
DELIMITER ;

--
-- Final view structure for view `v`
--

/*!50001 DROP VIEW IF EXISTS `v`*/;
/*!50001 SET character_set_client      = utf8mb4 */;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=`root`@`localhost` SQL SECURITY DEFINER */
/*!50001 VIEW `v` AS select 1 AS `a`,';' AS `b` */
/*!50002 WITH CASCADED CHECK OPTION */;
/*!50001 SET character_set_client      = @saved_cs_client */;
"""
END = b"""/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;

/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;
/*M!100616 SET NOTE_VERBOSITY=@OLD_NOTE_VERBOSITY */;

-- Dump completed on 2026-11-23  3:38:27
"""
DUMP = HEAD + STRUCTURE + ROWS + PROGRAMS + END
OLDER = {
    b"/*M!999999\\-": b"/*!999999\\-",
    b"DO SETVAL(": b"SELECT SETVAL(",
    b"SET @OLD_AUTOCOMMIT=@@AUTOCOMMIT, @@AUTOCOMMIT=0;": b"set autocommit=0;",
    b"/*M!101100 SET": b"/*!101100 SET",
    b"VIEW `v` AS SELECT\n 1 AS `a`,\n  1 AS `b`": (
        b"TABLE `v` (\n  `a` tinyint NOT NULL,\n  `b` tinyint NOT NULL\n) ENGINE=MyISAM"
    ),
    b"ALGORITHM=UNDEFINED */\n/*!50013 DEFINER": b"ALGORITHM=UNDEFINED DEFINER",
    b"SECURITY DEFINER */\n/*!50001 VIEW": b"SECURITY DEFINER VIEW",
    b"/*!50001 DROP VIEW IF EXISTS `v`*/;\n/*!50001 SET": (
        b"/*!50001 DROP TABLE IF EXISTS `v`*/;\n/*!50001 SET"
    ),
}


def read(dump: bytes) -> bytes:
    return b"".join(sql for _, sql in authored(sections(io.BytesIO(dump)), len(dump)))


def older(dump: bytes) -> bytes:
    for new, old in OLDER.items():
        assert new in dump
        dump = dump.replace(new, old)
    return dump


@pytest.mark.parametrize("dump", [DUMP, older(DUMP)], ids=["11.8", "10.5"])
def test_dump_of_mariadb_dumps_is_nothing_else(dump: bytes) -> None:
    """Every form of a statement; what is in texts and names is nobody's statement."""
    assert read(dump) == dump


STATEMENTS = {
    b"SELECT 'owned' INTO OUTFILE '/tmp/x';": "SELECT '…' INTO OUTFILE '…'",
    b"LOAD DATA INFILE '/etc/passwd' INTO TABLE t;": "LOAD DATA INFILE '…' INTO TABLE t",
    b"INSTALL SONAME 'ha_connect';": "INSTALL SONAME '…'",
    b"CREATE USER x;": "CREATE USER x",
    b"GRANT ALL ON *.* TO x;": "GRANT ALL ON *.* TO x",
    b"SET GLOBAL general_log = 1;": "SET GLOBAL general_log = 1",
    b"SET @x = LOAD_FILE('/etc/passwd');": "SET @x = LOAD_FILE(…",
    b"DO SLEEP(1000);": "DO SLEEP(…",
    b"PREPARE p FROM 'SELECT 1';": "PREPARE p FROM '…'",
    b"EXECUTE IMMEDIATE 'SELECT 1';": "EXECUTE IMMEDIATE '…'",
    b"INSERT INTO t VALUES (LOAD_FILE('x'));": "INSERT INTO t VALUES (…",
    b"CREATE FUNCTION f RETURNS INT SONAME 'x.so';": "CREATE FUNCTION f RETURNS INT SONAME '…'",
    b"/*!50003 SET @saved_x = LOAD_FILE('x') */;": "/*!50003 SET @saved_x = LOAD_FILE(…",
    b"/*!40101 SET GLOBAL SQL_MODE='' */;": "/*!40101 SET GLOBAL SQL_MODE='…' */",
    b"/*!40101 SET SQL_LOG_BIN=0 */;": "/*!40101 SET SQL_LOG_BIN=0 */",
    b"/*!99999 DO SLEEP(9) */;": "/*!99999 DO SLEEP(…",
    b"/*M!100000 DO SLEEP(9) */;": "/*M!100000 DO SLEEP(…",
    b"DROP TABLE a, b;": "DROP TABLE a,…",
    b"UNLOCK TABLES; DO SLEEP(9);": "UNLOCK TABLES; DO SLEEP(…",
}
PLACES = {
    "in the head": b"-- Server version",
    "among the settings": b"/*!40103 SET TIME_ZONE='+00:00'",
    "among the sequences": b"DO SETVAL",
    "before a table": b"CREATE TABLE `it's`",
    "before rows": b"INSERT INTO `it's`",
    "behind rows": b"/*!40000 ALTER TABLE `it's` ENABLE",
    "among the triggers": b"/*!50032 DROP TRIGGER",
    "before a view": b"/*!50001 CREATE VIEW",
    "among the events": b"/*!50106 DROP EVENT",
    "among the routines": b"/*!50003 DROP FUNCTION",
    "among the views": b"/*!50001 CREATE ALGORITHM",
    "at the end": b"/*!40101 SET COLLATION",
    "behind the last line": b"",
}


@pytest.mark.parametrize("place", PLACES)
def test_statement_that_somebody_added_is_told_with_its_line(place: str) -> None:
    """And shown without values."""
    before, after, behind = DUMP.partition(PLACES[place]) if PLACES[place] else (DUMP, b"", b"")
    for statement, shown in STATEMENTS.items():
        with pytest.raises(ForeignError) as error:
            read(before + statement + b"\n" + after + behind)
        line = before.count(b"\n") + 1
        assert f": line {line}, " in str(error.value), statement
        assert str(error.value).endswith(f": {shown}"), statement


@pytest.mark.parametrize("place", PLACES)
def test_statement_that_follows_another_in_its_line_is_told(place: str) -> None:
    """The client would run it."""
    if place in {"in the head", "behind the last line"}:
        return  # what stands before it are comments
    before, after, behind = DUMP.partition(PLACES[place])
    line = before.rindex(b"\n", 0, -1) + 1
    if before[line:].startswith((b"DELIMITER", b"--", b"\n")):
        before += b"/*!50003 SET @saved_sql_mode = @@sql_mode */ ;\n"
    with pytest.raises(ForeignError):
        read(before[:-1] + b" DO SLEEP(9);\n" + after + behind)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"(1,NULL,", b"(1,LOAD_FILE('/etc/passwd'),"),
        (b"(1,NULL,", b"(1,SLEEP(9),"),
        (b"(1,NULL,", b"(1,CURRENT_USER,"),
        (b"(1,NULL,", b"(1,@@datadir,"),
        (b"(1,NULL,", b"(1,(SELECT 1),"),
        (b"(1,NULL,", b"(1,/*!SLEEP(9)*/,"),
        (b"(1,NULL,", b"(1,x'00'||USER(),"),
        (b"(NULL,NULL,1);", b"(NULL,NULL,1) ON DUPLICATE KEY UPDATE c = 1;"),
        (b"(NULL,NULL,1);", b"(NULL,NULL,1) RETURNING 1;"),
        (b"(NULL,NULL,1);", b"(NULL,NULL,1); DO SLEEP(9);"),
        (b"(NULL,NULL,1);", b"(NULL,NULL,1);DELETE FROM `x`;"),
        (b"(NULL,NULL,1);", b"(NULL,NULL,1);INSERT INTO `x` VALUES (1);"),
        (b"(NULL,NULL,1);", b"(NULL,NULL,1);\nINSERT INTO `mysql`.`user` VALUES\n(1);"),
        (b"(NULL,NULL,1);", b"(NULL,NULL,1);\nINSERT INTO `x` SELECT 1;"),
        # Where the server begins or ends a text, and another reading doesn't.
        (b"(1,NULL,", b"(1,\\'),(LOAD_FILE('x'),"),
        (b"(1,NULL,", b"(1--\r',LOAD_FILE(0x41)) -- ',"),
        (b"(1,NULL,", b"(1/*'*/,LOAD_FILE(0x41)/*'*/,"),
        (b"(1,NULL,", b"(1#',LOAD_FILE(0x41)) -- '\n,"),
        (b"(1,NULL,", b"(1,\"',LOAD_FILE(0x41),'\","),
        (b"`c`, row_start) VALUES (1", b"`c` /* ) VALUES (1,'*/) VALUES (SLEEP(9)) -- ')"),
        (b"`c`, row_start) VALUES (1", b"'`c`, row_start) VALUES (1"),
    ],
)
def test_value_that_is_no_literal_is_told(old: bytes, new: bytes) -> None:
    """As is what follows the values, or looks like one of another statement."""
    assert old in DUMP
    with pytest.raises(ForeignError, match="a table's rows"):
        read(DUMP.replace(old, new))


@pytest.mark.parametrize(
    ("new", "shown"),
    [
        (b"(1,'secret',2),(3,LOAD_FILE('secret'),77)", "LOAD_FILE(…"),
        (b"(1,NULL,'damaged's secret')", "a value that is no literal"),
        (b"(1,2,3); DELETE FROM x WHERE a = 'secret'", "DELETE FROM x WHERE a = '…',…"),
        (b"(1,2,3);\nDELETE FROM x WHERE a IN ('secret')", "DELETE FROM x WHERE a IN (…"),
    ],
)
def test_values_of_rows_are_not_shown(new: bytes, shown: str) -> None:
    """The text ends in logs and in the bucket."""
    with pytest.raises(ForeignError) as error:
        read(DUMP.replace(b"(1,NULL,-1.5)", new))
    assert str(error.value).endswith(f"(it's): {shown}")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\n PARTITION BY", b" SELECT LOAD_FILE('x') AS `b`\n PARTITION BY"),
        (b"\n PARTITION BY", b" SELECT'',LOAD_FILE('x') AS `b`\n PARTITION BY"),
        (b"\n PARTITION BY", b" SELECT/* x */LOAD_FILE('x') AS `b`\n PARTITION BY"),
        (b"\n PARTITION BY", b" AS VALUES (SLEEP(9))\n PARTITION BY"),
        (b" /* `bar`='SELECT' */", b" /*' */ SELECT SLEEP(9) /*' */"),
        (b" /* `bar`='SELECT' */", b" /* `bar`='*/ SELECT SLEEP(9) /*' */"),
        (b" /* `bar`='SELECT' */", b" /* `bar`='x''*/ SELECT SLEEP(9) /*' */"),
        (b" /* `bar`='SELECT' */", b" /*!SELECT SLEEP(9) */"),
        (b" /* TRANSACTIONAL=1 */", b" /*!SELECT*/"),
        (b"(--(1 + ", b"(-- (1 + "),
        (b" /* `bar`='SELECT' */", b" --\n SELECT SLEEP(9) -- "),
        (b" ENGINE = Aria);", b" ENGINE = Aria); DO SLEEP(9);"),
        (b"CREATE TABLE `it's` (\n", b"CREATE TABLE `mysql`.`it's` (\n"),
    ],
)
def test_definition_that_reads_something_is_told(old: bytes, new: bytes) -> None:
    """Nothing is put into a table but by INSERT."""
    assert old in DUMP
    with pytest.raises(ForeignError, match="a table's definition"):
        read(DUMP.replace(old, new))


@pytest.mark.parametrize(
    "dump",
    [
        b"CREATE TABLE t (a INT);\n",
        DUMP.replace(b"-- MariaDB dump", b"-- MySQL dump"),
        DUMP.replace(b"SQL_MODE='NO_AUTO_VALUE_ON_ZERO'", b"SQL_MODE='NO_BACKSLASH_ESCAPES'"),
        DUMP.replace(b"NAMES utf8mb4", b"NAMES sjis"),
        DUMP.replace(b"client = utf8mb4 */;\nCREATE", b"client = sjis */;\nCREATE"),
        HEAD + STRUCTURE + PROGRAMS.replace(b"= @saved_sql_mode", b"= ''") + STRUCTURE + ROWS + END,
        HEAD + STRUCTURE + PROGRAMS + b"/*!50001 SET SQL_MODE='' */;\n" + STRUCTURE + ROWS + END,
        DUMP + STRUCTURE + ROWS,
        DUMP.replace(b"\n-- Dump completed", b"/*!50003 DROP FUNCTION IF EXISTS `f` */;\n"),
        HEAD + ROWS + END,
        HEAD + STRUCTURE + PROGRAMS + ROWS + END,
        DUMP + DUMP,
        DUMP.replace(b"PACKAGE BODY `k` AS", b"FUNCTION `k` RETURNS INT SONAME 'x.so' --"),
    ],
)
def test_file_that_is_not_one_dump_as_this_project_takes_it_is_told(dump: bytes) -> None:
    """Another tool's, two of them, or one whose texts the server reads by other rules."""
    with pytest.raises(ForeignError):
        read(dump)


def test_dump_that_goes_elsewhere_is_refused_whatever_is_asked_for() -> None:
    """So that the flag which lets foreign statements in can't be the remedy."""
    with pytest.raises(DumpError, match="of its own choice: USE mysql;") as error:
        read(DUMP.replace(b"-- Final view", b"USE mysql;\n-- Final view"))
    assert not isinstance(error.value, ForeignError)


def test_dump_that_is_too_large_for_its_file_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few KB of zstd may be terabytes. Where it is small, nobody minds."""
    pieces = list(sections(io.BytesIO(DUMP)))
    assert list(authored(iter(pieces), 1)) == pieces
    monkeypatch.setattr(authorship, "UNSUSPECTED", 2000)
    Authorship(1)
    with pytest.raises(ForeignError, match="over 2.0 KiB of SQL, 1,000 times as much as its file"):
        list(authored(iter(pieces), 1))
    assert list(authored(iter(pieces), len(DUMP))) == pieces
