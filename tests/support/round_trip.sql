-- Loaded by the real client into an empty database. The order is on purpose: what is needed comes
-- last in the alphabet, so that a dump in the order of names has to think.
SET NAMES utf8mb4;
ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_german2_ci;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'; -- zero dates, and a row with id 0
SET foreign_key_checks = 0;
SET time_zone = '+00:00';
SET timestamp = UNIX_TIMESTAMP('2024-03-10 12:00:00');

-- Types, at their limits.

CREATE TABLE numbers (
  id INT PRIMARY KEY, tiny TINYINT, small SMALLINT UNSIGNED, medium MEDIUMINT, big BIGINT,
  unsigned_big BIGINT UNSIGNED, filled INT(8) ZEROFILL, decimals DECIMAL(65,30), whole DECIMAL(65,0),
  floating FLOAT, fixed FLOAT(20,3), doubled DOUBLE, bit1 BIT, bits BIT(11), bits64 BIT(64), truth BOOLEAN
) ENGINE=InnoDB;
INSERT INTO numbers VALUES
  (1, -128, 65535, -8388608, -9223372036854775808, 18446744073709551615, 7,
    99999999999999999999999999999999999.999999999999999999999999999999, REPEAT('9', 65),
    3.40282e38, 1234.5, 1.7976931348623157e308, b'1', b'10000000001', b'1010', TRUE),
  (2, 127, 0, 8388607, 9223372036854775807, 0, 0,
    -99999999999999999999999999999999999.999999999999999999999999999999, CONCAT('-', REPEAT('9', 65)),
    -3.40282e38, -0.125, -1.7976931348623157e308, b'0', b'0', 0xFFFFFFFFFFFFFFFF, FALSE),
  (3, 0, 39, 0, 0, 1, 1, 0.000000000000000000000000000001, 0, 1.17549e-38, 0, 5e-324, b'1', 39, 0x275C0A00, 2),
  (4, 0, 0, 0, 0, 0, 0, 0, 0, 0.1, 0.001, 0.30000000000000004, b'0', 0, 0, NULL),
  (5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2.2250738585072014e-308, NULL, NULL, NULL, NULL);

CREATE TABLE times (
  id INT PRIMARY KEY, d DATE, t TIME, t6 TIME(6), at DATETIME, at6 DATETIME(6), y YEAR,
  stamp TIMESTAMP NULL, stamp6 TIMESTAMP(6) NULL,
  touched TIMESTAMP NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp()
) ENGINE=InnoDB;
INSERT INTO times VALUES
  (1, '0000-00-00', '-838:59:59', '-838:59:59.999999', '0000-00-00 00:00:00', '0000-00-00 00:00:00.000000',
    0, '0000-00-00 00:00:00', 0, 0),
  (2, '2024-00-00', '-00:00:01', '-00:00:00.000001', '2023-02-00 01:02:03', '2024-02-29 23:59:59.999999',
    1901, '1970-01-01 00:00:01', '2038-01-19 03:14:07.999999', '2024-03-31 01:30:00'),
  (3, '9999-12-31', '838:59:59', '838:59:59.999999', '9999-12-31 23:59:59', '1000-01-01 00:00:00.000001',
    2155, '2024-10-27 00:30:00', '2024-10-27 01:30:00.5', '2000-01-01 00:00:00'),
  (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2024-01-01 00:00:00');

CREATE TABLE texts (
  id INT PRIMARY KEY, c CHAR(10), v VARCHAR(200), t TEXT, e ENUM('', 'a', 'it''s', 'x,y', '"', '\\', 'é'),
  s SET('a', 'it''s', 'x y', '漢', '`'), j JSON
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
INSERT INTO texts VALUES
  (1, '', '', '', '', '', '{}'),
  (2, NULL, NULL, NULL, NULL, NULL, NULL),
  (3, ' lead', 'trail  ', 'NULL', 'it''s', 'a,it''s', '{"a": [1, 2.50, null, "é\\u0000\\"🚌"], "a": "twice"}'),
  (4, '🚌🚎', '\0\b\t\n\r\Z\\''"`%_', '\\N', 'x,y', 'x y,漢', '"only text"'),
  (5, '', '-- Dump completed on 2024-01-01  0:00:00', '\n-- Dump completed on 2024-01-01  0:00:00\n', '"', '`', '[]'),
  (6, '', '/*!50003 DROP TABLE texts */;', '\n\nDELIMITER ;;\n-- Table structure for table `gone`\n;;\n//\n\\q\n', '\\',
    'a,it''s,x y,漢,`', '0'),
  (7, '', '\\', '''', 'é', '', '[";", "\\\\"]'),
  (8, '', '\r', '\r\n', 'a', '', '1e3');

CREATE TABLE bytes (
  id INT PRIMARY KEY, b2 BINARY(2), b16 BINARY(16), v VARBINARY(300), b LONGBLOB, u UUID, i4 VARBINARY(16), i6 INET6
) ENGINE=InnoDB;
SET @every_byte = (SELECT GROUP_CONCAT(LPAD(HEX(seq), 2, '0') ORDER BY seq SEPARATOR '') FROM seq_0_to_255);
INSERT INTO bytes VALUES
  (1, '', '', '', '', '00000000-0000-0000-0000-000000000000', '', '::'),
  (2, 0x6100, 0x00112233445566778899AABBCCDDEEFF, UNHEX(@every_byte), UNHEX(@every_byte),
    '123e4567-e89b-12d3-a456-426655440000', INET6_ATON('192.0.2.1'), '::ffff:192.0.2.1'),
  (3, 0x2020, 0x00000000000000000000000000000020, 0x00, REPEAT(UNHEX(@every_byte), 69632),
    'ffffffff-ffff-ffff-ffff-ffffffffffff', 0x275C, 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'),
  (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE places (
  id INT PRIMARY KEY, at POINT NOT NULL, way LINESTRING, area POLYGON, anything GEOMETRY,
  SPATIAL INDEX (at)
) ENGINE=InnoDB;
INSERT INTO places VALUES
  (1, POINT(-46.633308, -23.55052), ST_GeomFromText('LINESTRING(0 0, 1 1, 2 0.1)'),
    ST_GeomFromText('POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))'),
    ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 1 1))', 4326)),
  (2, ST_GeomFromText('POINT(1e-300 1e300)', 4326), NULL, NULL, NULL);

-- Character sets side by side.

CREATE TABLE `old café` (
  id INT PRIMARY KEY, `naïve` VARCHAR(40), bin VARCHAR(40) COLLATE latin1_bin, new VARCHAR(40) CHARACTER SET utf8mb4,
  e ENUM('ção', 'ß')
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_german2_ci;
INSERT INTO `old café` VALUES (1, 'àéîõü€ß', 'ÿ', '漢字🚌', 'ção'), (2, X'808182A0FF', X'8D8F909D', '', 'ß');
CREATE TABLE mixed (
  a VARCHAR(40) COLLATE utf8mb4_nopad_bin, b VARCHAR(40) COLLATE utf8mb4_swedish_ci, l VARCHAR(40) CHARACTER SET latin1,
  k VARCHAR(40) CHARACTER SET koi8r, s VARCHAR(40) CHARACTER SET sjis, u VARCHAR(40) CHARACTER SET ucs2, UNIQUE (a)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO mixed VALUES
  ('x', 'Å', 'café €', 'Привет', '表ソ能', '漢é'), ('X', 'å', X'5C27', '', '', ''), ('x ', '', '', '', '', '');

-- Names.

CREATE TABLE `select` (
  `from` INT PRIMARY KEY, `a.b` INT, `back``tick` INT, `with space` INT, `it's` INT, `"double"` INT, `50%` INT,
  `%s` INT, `semi;colon` INT, `--` INT, `/*x*/` INT, `é漢` INT, `\\` INT, `#` INT, `$1` INT, `1e5` INT,
  KEY `an ``index``` (`back``tick`), CONSTRAINT `a ``check``` CHECK (`a.b` <> 13)
) ENGINE=InnoDB;
INSERT INTO `select` VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
CREATE TABLE `dotted.name` (`dotted.name` INT PRIMARY KEY) ENGINE=InnoDB;
CREATE TABLE `back``tick` (`key` INT PRIMARY KEY) ENGINE=InnoDB;
CREATE TABLE `it's "quoted" 100%_\\` (id INT PRIMARY KEY) ENGINE=InnoDB;
CREATE TABLE `-- é漢;` (id INT PRIMARY KEY) ENGINE=InnoDB;
CREATE TABLE `*/` (id INT PRIMARY KEY) ENGINE=InnoDB;
CREATE TABLE `Case` (id INT PRIMARY KEY) ENGINE=InnoDB;
INSERT INTO `dotted.name` VALUES (1); INSERT INTO `back``tick` VALUES (2); INSERT INTO `it's "quoted" 100%_\\` VALUES (3);
INSERT INTO `-- é漢;` VALUES (4); INSERT INTO `*/` VALUES (5); INSERT INTO `Case` VALUES (6);

-- Columns that are more than their type.

CREATE TABLE made (
  id INT AUTO_INCREMENT PRIMARY KEY,
  a INT DEFAULT 3, stored BIGINT AS (a * 2) STORED, `virtual` INT AS (a + 1) VIRTUAL, text VARCHAR(20),
  folded VARCHAR(20) AS (LOWER(text)) VIRTUAL, doc JSON, part VARCHAR(10) AS (JSON_VALUE(doc, '$.part')) STORED,
  hidden INT INVISIBLE DEFAULT 42, hidden_made INT AS (a - 1) VIRTUAL INVISIBLE,
  born DATETIME DEFAULT (current_timestamp() + INTERVAL 1 DAY), tag VARCHAR(40) DEFAULT (CONCAT('it''s ', UPPER('x;'))),
  packed TEXT COMPRESSED,
  KEY (`virtual`), KEY (stored), UNIQUE (folded), KEY descending (a DESC), KEY ignored (a, stored) IGNORED,
  FULLTEXT (text)
) ENGINE=InnoDB AUTO_INCREMENT=1000;
INSERT INTO made (id, a, text, doc, born, packed, hidden) VALUES
  (0, 1, 'Zero', '{"part": "p"}', '2024-01-01 00:00:00', REPEAT('compressed ', 1000), 0),
  (7, NULL, NULL, NULL, '2024-01-01 00:00:00', NULL, NULL),
  (900, 2147483646, '', '{}', '2024-01-01 00:00:00', '', -1);
CREATE TABLE rules (
  a INT CHECK (a > 0), b INT COMMENT 'it''s -- a "comment";\nDELIMITER ;;\n/* é漢 */ \\', c VARCHAR(10) NOT NULL DEFAULT '',
  CONSTRAINT `a below b` CHECK (a < b OR c = ';')
) ENGINE=InnoDB COMMENT='a ''table'';\n-- Dump completed on 2024-01-01\n-- Table structure for table `x`\n\\';
INSERT INTO rules VALUES (1, 2, ''), (1, NULL, '--');
CREATE TABLE no_key (a INT, b VARCHAR(5)) ENGINE=InnoDB;
INSERT INTO no_key VALUES (1, 'x'), (1, 'x'), (1, 'x'), (NULL, NULL), (NULL, NULL), (NULL, '');
CREATE TABLE empty (id INT AUTO_INCREMENT PRIMARY KEY, t TEXT NOT NULL) ENGINE=InnoDB AUTO_INCREMENT=77;
CREATE TABLE narrow (id INT PRIMARY KEY, v VARCHAR(100)) ENGINE=InnoDB ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8;
INSERT INTO narrow VALUES (1, 'v');

-- Foreign keys in circles.

CREATE TABLE a_circle (
  id INT PRIMARY KEY, b INT, FOREIGN KEY to_b (b) REFERENCES b_circle (id) ON DELETE CASCADE
) ENGINE=InnoDB;
CREATE TABLE b_circle (
  id INT PRIMARY KEY, a INT, CONSTRAINT `to a; é漢` FOREIGN KEY (a) REFERENCES a_circle (id) ON UPDATE SET NULL
) ENGINE=InnoDB;
CREATE TABLE itself (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES itself (id)) ENGINE=InnoDB;
INSERT INTO a_circle VALUES (1, 2), (2, 1);
INSERT INTO b_circle VALUES (1, 2), (2, 1);
INSERT INTO itself VALUES (1, 2), (2, 1), (3, 3);

-- Keys, some of which are added when the rows are there; the parent's is not unique, and comes after the child.

CREATE TABLE keyed (
  id INT PRIMARY KEY, n INT AUTO_INCREMENT, parent INT, a VARCHAR(40), b INT, t TEXT,
  KEY (b, a), KEY numbered (n), KEY of_parent (parent), KEY commented (b) COMMENT 'KEY `x` (`y`),', KEY `é, ``b` (a(5) DESC, b),
  KEY (t(20)), UNIQUE one (b, id), FOREIGN KEY (parent) REFERENCES keyed_later (code)
) ENGINE=InnoDB;
CREATE TABLE keyed_later (id INT PRIMARY KEY, code INT, KEY (code), KEY again (code, id)) ENGINE=InnoDB;
CREATE TABLE keyed_child (id INT PRIMARY KEY, code INT, KEY (code), FOREIGN KEY (code) REFERENCES keyed_ancestor (code)) ENGINE=InnoDB;
CREATE TABLE keyed_ancestor (id INT PRIMARY KEY, code INT, KEY (code)) ENGINE=InnoDB;
INSERT INTO keyed_ancestor VALUES (1, 10), (2, NULL);
INSERT INTO keyed_child VALUES (1, 10), (2, NULL);
CREATE TABLE keyed_itself (
  id INT PRIMARY KEY, code INT, up INT, KEY (up), KEY (code), FOREIGN KEY (up) REFERENCES keyed_itself (code)
) ENGINE=InnoDB;
INSERT INTO keyed_itself VALUES (1, 10, 20), (2, 20, 10), (3, NULL, NULL);
INSERT INTO keyed_later VALUES (1, 10), (2, 20), (3, NULL);
INSERT INTO keyed VALUES (1, 5, 10, 'a', 1, 'x'), (2, 7, NULL, 'a', 1, NULL), (3, 9, 20, NULL, NULL, '');

-- Partitions.

CREATE TABLE by_range (id INT, d DATE, PRIMARY KEY (id, d)) ENGINE=InnoDB PARTITION BY RANGE (YEAR(d)) (
  PARTITION `up to 2000` VALUES LESS THAN (2001) COMMENT = 'it''s old', PARTITION rest VALUES LESS THAN MAXVALUE);
INSERT INTO by_range VALUES (1, '1999-12-31'), (2, '2024-02-29'), (3, '0000-00-00');
CREATE TABLE by_hash (id INT PRIMARY KEY) ENGINE=InnoDB PARTITION BY HASH (id) PARTITIONS 3;
INSERT INTO by_hash SELECT seq FROM seq_1_to_10;
CREATE TABLE by_list (c VARCHAR(5)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
  PARTITION BY LIST COLUMNS (c) (PARTITION p VALUES IN ('é', ';'), PARTITION q DEFAULT);
INSERT INTO by_list VALUES ('é'), (';'), ('x'), (NULL);

-- Sequences.

CREATE SEQUENCE z_sequence START WITH 100 INCREMENT BY 7 CACHE 5;
CREATE SEQUENCE untouched MINVALUE -5 MAXVALUE 5 INCREMENT BY -1 START WITH 3 NOCACHE CYCLE;
CREATE SEQUENCE `odd ``name` START WITH 9223372036854775800;
SELECT NEXTVAL(z_sequence), NEXTVAL(z_sequence), NEXTVAL(z_sequence), NEXTVAL(`odd ``name`) INTO @a, @b, @c, @d;

-- The history of system-versioned tables.

CREATE TABLE versioned (id INT PRIMARY KEY, v VARCHAR(10), loose INT WITHOUT SYSTEM VERSIONING) ENGINE=InnoDB
  WITH SYSTEM VERSIONING;
CREATE TABLE with_period (
  id INT PRIMARY KEY, v INT, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START, e TIMESTAMP(6) GENERATED ALWAYS AS ROW END,
  PERIOD FOR SYSTEM_TIME (s, e)) ENGINE=InnoDB WITH SYSTEM VERSIONING;
CREATE TABLE kept_apart (id INT PRIMARY KEY, v INT) ENGINE=InnoDB WITH SYSTEM VERSIONING
  PARTITION BY SYSTEM_TIME (PARTITION past HISTORY, PARTITION now CURRENT);
CREATE TABLE lasting (id INT, s DATE, e DATE, PERIOD FOR validity (s, e), UNIQUE (id, validity WITHOUT OVERLAPS)) ENGINE=InnoDB;
INSERT INTO versioned VALUES (1, 'one', 1), (2, 'two', 2), (3, '3', 3);
INSERT INTO with_period (id, v) VALUES (1, 1), (2, 2);
INSERT INTO kept_apart VALUES (1, 1), (2, 2);
INSERT INTO lasting VALUES (1, '2024-01-01', '2024-02-01'), (1, '2024-02-01', '2024-03-01');
SET timestamp = UNIX_TIMESTAMP('2024-03-10 12:00:00.654321');
UPDATE versioned SET v = 'uno' WHERE id = 1; UPDATE with_period SET v = -1 WHERE id = 1; UPDATE kept_apart SET v = -1;
SET timestamp = UNIX_TIMESTAMP('2024-03-31 01:30:00.000001');
UPDATE versioned SET v = 'un', loose = 9 WHERE id = 1; DELETE FROM versioned WHERE id = 2;
DELETE FROM with_period WHERE id = 2; DELETE FROM kept_apart WHERE id = 2;
SET timestamp = DEFAULT;

-- Views in the wrong order, of every kind.

CREATE VIEW z_view AS SELECT id, a, `virtual`, hidden FROM made;
CREATE VIEW b_view AS SELECT id, a + hidden AS `a + ``hidden``; 100%` FROM z_view;
CREATE ALGORITHM=TEMPTABLE SQL SECURITY INVOKER VIEW a_view AS SELECT b.*, 'it''s; -- é漢' AS `漢 é.x` FROM b_view b;
CREATE VIEW checked AS SELECT id, a FROM made WHERE a < 5 WITH LOCAL CHECK OPTION;
CREATE VIEW of_history AS SELECT id, v FROM versioned FOR SYSTEM_TIME ALL;
CREATE VIEW `a ``view``.` AS SELECT `back``tick`, `a.b` FROM `select`;

-- Triggers, several on one table and event in an order that isn't that of their names.

CREATE TABLE noted (n INT AUTO_INCREMENT PRIMARY KEY, t TEXT) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE watched (id INT PRIMARY KEY, t TEXT) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO watched VALUES (1, 'before there was a trigger');
DELIMITER $$
CREATE TRIGGER z_first BEFORE INSERT ON watched FOR EACH ROW BEGIN
  -- Table structure for table `x`
  -- Dump completed on 2024-01-01  0:00:00
  /* DELIMITER ;; */
  # //
  SET NEW.t = CONCAT(NEW.t, ' z;;//', 'DELIMITER ;;', "
DELIMITER ;;
-- Dumping data for table `watched`
;;
");
END$$
CREATE TRIGGER a_second BEFORE INSERT ON watched FOR EACH ROW FOLLOWS z_first
  SET NEW.t = CONCAT(NEW.t, ' a')$$
CREATE TRIGGER m_between BEFORE INSERT ON watched FOR EACH ROW PRECEDES a_second
BEGIN IF NEW.id > 0 THEN SET NEW.t = CONCAT(NEW.t, ' m;'); END IF; END$$
CREATE TRIGGER `after ``insert`` é漢.` AFTER INSERT ON watched FOR EACH ROW INSERT INTO noted (t) VALUES (NEW.t)$$
CREATE TRIGGER on_update BEFORE UPDATE ON watched FOR EACH ROW BEGIN SET NEW.t = 'it''s \'; \\'; END$$
CREATE TRIGGER on_delete AFTER DELETE ON watched FOR EACH ROW INSERT INTO noted (t) VALUES (CONCAT('🚌', OLD.t))$$
CREATE TRIGGER odd_table BEFORE INSERT ON `back``tick` FOR EACH ROW SET NEW.`key` = NEW.`key` + 1$$
SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,STRICT_ALL_TABLES'$$
CREATE TRIGGER ansi BEFORE DELETE ON "watched" FOR EACH ROW BEGIN
  DECLARE "a;b" TEXT DEFAULT '\' || ';;' || OLD."t";
END$$
SET sql_mode = ''$$

-- Routines.

CREATE PROCEDURE `a ``procedure``; é漢`(IN a INT, INOUT `b c` VARCHAR(10) CHARACTER SET latin1, OUT c DECIMAL(10,2))
  MODIFIES SQL DATA SQL SECURITY INVOKER
  COMMENT 'it''s "a"; -- comment\nDELIMITER ;;'
BEGIN
-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)
-- Host: localhost    Database: x
-- Current Database: `x`
-- Table structure for table `x`
-- Dump completed on 2024-01-01  0:00:00
  DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;
/*!50003 SET sql_mode = @saved_sql_mode */ ;
  SELECT ';', ";;", '//', 'DELIMITER ;;', '🚌', '\\', 'tab	tab', '  ';
  SELECT 1 INTO c; # $
END$$
CREATE FUNCTION z_function(a INT) RETURNS INT DETERMINISTIC RETURN a * 2$$
CREATE FUNCTION odd_type(a VARCHAR(10) CHARACTER SET latin1 COLLATE latin1_german2_ci) RETURNS ENUM('a;','ção')
  CHARACTER SET latin1 NO SQL RETURN IF(a = 'x', 'a;', 'ção')$$
CREATE AGGREGATE FUNCTION summed(x INT) RETURNS INT BEGIN
  DECLARE total INT DEFAULT 0;
  DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN total;
  LOOP FETCH GROUP NEXT ROW; SET total = total + x; END LOOP;
END$$
CREATE FUNCTION counted(n INT) RETURNS INT READS SQL DATA BEGIN
  RETURN (WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r WHERE i < n) SELECT SUM(i) FROM r);
END$$
SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'$$
CREATE PROCEDURE "in ANSI"() BEGIN SELECT "from", '\' FROM "select"; END$$
SET sql_mode = 'ORACLE'$$
CREATE PACKAGE a_package AS
  FUNCTION f(a INT) RETURN INT;
  PROCEDURE p;
END$$
CREATE PACKAGE BODY a_package AS
  x INT := 1;
  FUNCTION f(a INT) RETURN INT AS BEGIN RETURN a + x; END;
  PROCEDURE p AS BEGIN x := x + 1; SELECT ';;' FROM DUAL; END;
END$$
CREATE PROCEDURE of_oracle(a IN INT) AS b INT := 1; BEGIN SELECT a || b; END$$
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'$$

CREATE VIEW a_function AS SELECT z_function(id) AS doubled FROM made$$

-- Events.

CREATE EVENT `every ``day`` é漢` ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 03:00:00' ENDS '2037-01-01 03:00:00'
  ON COMPLETION PRESERVE ENABLE COMMENT 'it''s; --' DO BEGIN INSERT INTO noted (t) VALUES (';//🚌'); END$$
CREATE EVENT disabled ON SCHEDULE EVERY '1:30' HOUR_MINUTE DISABLE DO SET @x = 1$$
CREATE EVENT on_replica ON SCHEDULE EVERY 1 WEEK STARTS '2030-01-01 03:00:00' DISABLE ON SLAVE DO SET @x = '// DELIMITER ; '$$
SET time_zone = '-07:30'$$
CREATE EVENT once ON SCHEDULE AT '2037-06-01 12:00:00' ON COMPLETION PRESERVE DO DELETE FROM noted$$
SET time_zone = 'Asia/Kathmandu'$$
CREATE EVENT in_a_zone ON SCHEDULE AT '2037-06-01 12:00:00' DISABLE DO DELETE FROM noted$$
SET time_zone = '+00:00'$$
SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'$$
CREATE EVENT in_ansi ON SCHEDULE EVERY 1 YEAR STARTS '2030-01-01 03:00:00' DO BEGIN SET @"x;y" = '\'; END$$

-- What belongs to somebody who is gone.

SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'$$
CREATE DEFINER=gone@nowhere SQL SECURITY INVOKER VIEW gone_invoker AS SELECT id FROM made$$
CREATE DEFINER=gone@nowhere TRIGGER gone_trigger BEFORE INSERT ON noted FOR EACH ROW SET NEW.t = CONCAT(NEW.t, '')$$
CREATE DEFINER=gone@nowhere PROCEDURE gone_procedure() SELECT 1$$
CREATE DEFINER=gone@nowhere FUNCTION gone_function() RETURNS INT RETURN 1$$
CREATE DEFINER=gone@nowhere EVENT gone_event ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 03:00:00' DO SET @x = 1$$
-- Objects that remember another character set.
SET NAMES latin1$$
CREATE PROCEDURE of_latin1() SELECT 'café'$$
SET NAMES utf8mb4$$
DELIMITER ;
