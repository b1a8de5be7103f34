"""What a database holds, as the server tells."""

from __future__ import annotations

from datadump.mariadb.server import Server
from datadump.sql.inventory import Name


def names_in(server: Server, database: str) -> set[Name]:
    """All objects of the database, as the server tells."""
    kinds = {"BASE TABLE": "table", "SYSTEM VERSIONED": "table"}
    rows = server.query(
        "SELECT TABLE_TYPE, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s "
        "UNION ALL SELECT 'TRIGGER', TRIGGER_NAME FROM information_schema.TRIGGERS "
        "WHERE TRIGGER_SCHEMA = %s "
        "UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES "
        "WHERE ROUTINE_SCHEMA = %s "
        "UNION ALL SELECT 'EVENT', EVENT_NAME FROM information_schema.EVENTS "
        "WHERE EVENT_SCHEMA = %s",
        *[database] * 4,
    )
    return {Name(kinds.get(kind, kind.lower()), name) for kind, name in rows}
