"""The database that is dumped and restored: invented, the same in every run, of any size."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from support.mariadb import Server

DATABASE = "bench"


def listed(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


WORDS = listed(
    "order paid late return parcel street invoice customer second first broken color warranty "
    "please answer until monday blue delivery repeat missing part gift wrapped by hand since the "
    "address was wrong and nobody home call before noon or leave it with a neighbour"
)
NAMES = listed("Ana Bruno Carla Diego Elisa Fabio Gabriela Hugo Ines João Karla Luiz Marta Nuno")
CITIES = listed("Belém Curitiba Fortaleza Goiânia Manaus Natal Olinda Palmas Recife Salvador")
PAGES = listed("/ /cart /search /product /product/review /account /account/orders /help")


class Table(NamedTuple):
    """A table, the expressions that make its rows from ``seq``, and how many per MiB of SQL."""

    name: str
    columns: str
    values: tuple[str, ...]
    rows: float


def chance(seed: int) -> str:
    """From 0 to below 1. RAND of a constant is the same sequence in every run.

    Seeds that are near each other have sequences that are: these are far apart.
    """
    return f"RAND({seed * 2_654_435_761 % 2**31})"


def number(seed: int, limit: int) -> str:
    """From 0 to below the limit."""
    return f"FLOOR({chance(seed)} * {limit})"


def one_of(seed: int, texts: list[str]) -> str:
    """One of the texts."""
    listed = ", ".join(f"'{text}'" for text in texts)
    return f"ELT(1 + {number(seed, len(texts))}, {listed})"


def sentence(seed: int, words: int) -> str:
    """That many words."""
    return f"CONCAT_WS(' ', {', '.join(one_of(seed + i, WORDS) for i in range(words))})"


def moment(seed: int) -> str:
    """In one of ten years."""
    return f"'2016-01-01' + INTERVAL {number(seed, 315_000_000)} SECOND"


TABLES = (
    Table(
        "customers",
        "id INT PRIMARY KEY, name VARCHAR(60), email VARCHAR(80), city VARCHAR(40), born DATE, "
        "token BINARY(16), note VARCHAR(250), "
        "UNIQUE KEY (email), KEY (name), KEY (city, born)",
        ("seq", f"CONCAT({one_of(1, NAMES)}, ' ', {one_of(2, NAMES)}, ' ', seq MOD 9973)",
         "CONCAT(LEFT(MD5(seq), 12), '@', seq MOD 97, '.example.com')", one_of(3, CITIES),
         f"'1940-01-01' + INTERVAL {number(4, 24_000)} DAY", "UNHEX(MD5(CONCAT('c', seq)))",
         sentence(100, 8)),
        650,
    ),
    Table(
        "products",
        "id INT PRIMARY KEY, sku CHAR(12), title VARCHAR(80), price DECIMAL(9, 2), "
        "description TEXT, UNIQUE KEY (sku, id), KEY (price), KEY (title)",
        ("seq", "LEFT(SHA1(seq), 12)", sentence(200, 5), f"{number(5, 99_999)} / 100",
         sentence(210, 60)),
        340,
    ),
    Table(
        "orders",
        "id INT PRIMARY KEY, customer INT, placed DATETIME, "
        "state ENUM('new', 'paid', 'sent', 'returned'), total DECIMAL(10, 2), reference CHAR(32), "
        "KEY (customer, placed), KEY (reference)",
        ("seq", number(6, 1_000_000), moment(7), f"1 + {number(8, 4)}",
         f"{number(9, 999_999)} / 100", "MD5(CONCAT('o', seq))"),
        1500,
    ),
    Table(
        "items",
        "id INT PRIMARY KEY, placed_order INT, product INT, quantity TINYINT, "
        "price DECIMAL(9, 2), note VARCHAR(250), KEY (placed_order), KEY (product, quantity)",
        ("seq", "seq DIV 3", number(10, 500_000), f"1 + {number(11, 9)}",
         f"{number(12, 99_999)} / 100",
         f"IF({chance(13)} < 0.9, {sentence(280, 9)}, NULL)"),
        3000,
    ),
    Table(
        "visits",
        "id BIGINT PRIMARY KEY, at DATETIME, customer INT, page VARCHAR(60), session CHAR(20), "
        "seconds FLOAT, comment TEXT, KEY (customer, at), KEY (session)",
        ("seq", moment(14), number(15, 1_000_000),
         f"CONCAT({one_of(16, PAGES)}, '?id=', {number(17, 500_000)})",
         "LEFT(SHA1(CONCAT('v', seq DIV 5)), 20)", f"ROUND({chance(18)} * 600, 1)",
         sentence(300, 30)),
        1550,
    ),
)  # fmt: skip


class Shape(NamedTuple):
    """A database of such tables; the rows of each are so many per MiB of the whole SQL."""

    database: str
    tables: list[Table]


def with_rows(table: Table, times: float, name: str = "") -> Table:
    """The table with so many times its rows."""
    return table._replace(name=name or table.name, rows=table.rows * times)


FIVE = Shape(DATABASE, list(TABLES))
# The last has four fifths of the SQL.
ONE_BIG = Shape("bench_big", [with_rows(table, 1 / 4) for table in TABLES[:-1]])
ONE_BIG.tables.append(with_rows(TABLES[-1], 4))
MANY = Shape(
    "bench_many",
    [
        with_rows(table, 1 / 400, f"{table.name}{number}")
        for number in range(400)
        for table in TABLES
    ],
)


def fill(server: Server, shape: Shape, mebibytes: int) -> None:
    """Make the database, of about so much SQL."""
    server.query(f"CREATE DATABASE {shape.database} CHARACTER SET utf8mb4")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda table: fill_table(server, shape, table, mebibytes), shape.tables))
    names = ", ".join(table.name for table in shape.tables)
    server.query(f"ANALYZE TABLE {names}", shape.database)


def fill_table(server: Server, shape: Shape, table: Table, mebibytes: int) -> None:
    """In one statement. Without the checks InnoDB builds the indexes by sorting."""
    connection = server.connect(shape.database)
    try:
        cursor = connection.cursor()
        cursor.execute(f"CREATE TABLE {table.name} ({table.columns}) ENGINE=InnoDB")
        cursor.execute("SET unique_checks = 0, foreign_key_checks = 0")
        numbers = f"seq_1_to_{round(table.rows * mebibytes)}"
        cursor.execute(f"INSERT INTO {table.name} SELECT {', '.join(table.values)} FROM {numbers}")
    finally:
        connection.close()
