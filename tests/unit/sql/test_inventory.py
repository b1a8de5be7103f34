"""Rules of what an inventory takes from a dump."""

from __future__ import annotations

import io

from datadump.sql.inventory import take_inventory
from datadump.sql.programs import Name

END = b"/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;\n-- Dump completed on 2026-11-23\n"


def test_view_is_known_by_its_definition() -> None:
    """Without, a drill would compare none, nor know whose it is."""
    view = b"/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50001 VIEW `v` AS SELECT 1 */;\n"
    dump = b"--\n-- Final view structure for view `v`\n--\n\n" + view + END
    taken = take_inventory(io.BytesIO(dump))
    assert taken.objects[Name("view", "v")].definition == b"\n" + view
