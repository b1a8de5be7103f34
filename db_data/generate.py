"""Print FACULDADE, the sample database of the backups: an invented Brazilian college.

The output is plain SQL for MariaDB 10.11 or newer, to be loaded into an empty database:

    python3 db_data/generate.py > db_data/FACULDADE.sql

Nobody in it exists, and every run prints the same bytes. Rows are numbered from 1 in the order
they are made, so foreign keys are worked out (see `children`), not looked up.
"""

import itertools
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TypeAlias, TypeVar

T = TypeVar("T")
Value: TypeAlias = str | int | float | date | time | None
Row: TypeAlias = tuple[Value, ...]
Enrolment: TypeAlias = tuple[int, int]  # (student, class)


def listed(text: str) -> list[str]:
    """Return the items of a text, which commas separate."""
    return [item.strip() for item in text.split(",")]


SEED = 1808
BATCH = 500

STUDENTS = 500
PROFESSORS = 500
ADMINISTRATORS = 500
PEOPLE = STUDENTS + PROFESSORS + ADMINISTRATORS
PROFESSOR_IDS = range(STUDENTS + 1, STUDENTS + PROFESSORS + 1)
ADMINISTRATOR_IDS = range(PROFESSOR_IDS.stop, PEOPLE + 1)
ADDRESSES = 1000
CLASSES = PROFESSORS  # each gives one

DISTRICTS_PER_CITY = 3
STREETS_PER_DISTRICT = 3
SUBJECTS_PER_COURSE = 6
PARTS = ("I", "II")  # of each subject: one in the first semester, one in the second
LESSONS_PER_CLASS = 3
ASSESSMENT_WEEKS = (8, 16)  # of the semester
SUBJECTS_PER_STUDENT = 2

YEAR = 2025
SEMESTER_START = (date(YEAR, 3, 10), date(YEAR, 8, 4))

STATES = [
    # UF, name, capital, another city
    ("AC", "Acre", "Rio Branco", "Cruzeiro do Sul"),
    ("AL", "Alagoas", "Maceió", "Arapiraca"),
    ("AP", "Amapá", "Macapá", "Santana"),
    ("AM", "Amazonas", "Manaus", "Parintins"),
    ("BA", "Bahia", "Salvador", "Vitória da Conquista"),
    ("CE", "Ceará", "Fortaleza", "Juazeiro do Norte"),
    ("DF", "Distrito Federal", "Brasília", "Ceilândia"),
    ("ES", "Espírito Santo", "Vitória", "Vila Velha"),
    ("GO", "Goiás", "Goiânia", "Anápolis"),
    ("MA", "Maranhão", "São Luís", "Imperatriz"),
    ("MT", "Mato Grosso", "Cuiabá", "Rondonópolis"),
    ("MS", "Mato Grosso do Sul", "Campo Grande", "Três Lagoas"),
    ("MG", "Minas Gerais", "Belo Horizonte", "Uberlândia"),
    ("PA", "Pará", "Belém", "Santarém"),
    ("PB", "Paraíba", "João Pessoa", "Campina Grande"),
    ("PR", "Paraná", "Curitiba", "Maringá"),
    ("PE", "Pernambuco", "Recife", "Jaboatão dos Guararapes"),
    ("PI", "Piauí", "Teresina", "Parnaíba"),
    ("RJ", "Rio de Janeiro", "Rio de Janeiro", "Niterói"),
    ("RN", "Rio Grande do Norte", "Natal", "Mossoró"),
    ("RS", "Rio Grande do Sul", "Porto Alegre", "Santana do Livramento"),
    ("RO", "Rondônia", "Porto Velho", "Ji-Paraná"),
    ("RR", "Roraima", "Boa Vista", "Rorainópolis"),
    ("SC", "Santa Catarina", "Florianópolis", "Chapecó"),
    ("SP", "São Paulo", "São Paulo", "Santa Bárbara d'Oeste"),
    ("SE", "Sergipe", "Aracaju", "São Cristóvão"),
    ("TO", "Tocantins", "Palmas", "Araguaína"),
]
CITIES_PER_STATE = 2
DISTRICTS = listed("""
    Centro, Jardim Botânico, Vila Nova, Boa Esperança, São José, Conceição, Santo Antônio,
    Bela Vista, Alto da Glória, Parque das Águas, Água Branca, Industrial
""")
STREET_TYPES = listed("Rua, Avenida, Travessa, Alameda, Praça")
STREETS = listed("""
    das Acácias, dos Ipês, das Palmeiras, Sete de Setembro, Quinze de Novembro, da Conceição,
    São João, Tiradentes, da Independência, do Comércio, das Flores, Santa Luzia, da Pátria,
    Dom Pedro II, do Sabiá, da Estação, Amazonas, da Paz
""")
COMPLEMENTS = listed("Bloco A, Bloco B, Casa 2, Fundos, Sobreloja, Cobertura")

# One name of each list makes a full name.
FIRST_NAMES = listed("""
    Adriana, Alice, Amanda, Ana, Antônio, Beatriz, Bruno, Caio, Camila, Carlos, Cecília,
    Cláudia, Conceição, Daniel, Débora, Diego, Eduardo, Elisa, Estêvão, Fábio, Fernanda, Flávia,
    Gabriel, Gustavo, Helena, Heloísa, Hugo, Inês, Isabel, Ícaro, Joana, João, José, Júlia,
    Juliana, Larissa, Letícia, Lúcia, Luís, Marcelo, Márcia, Maria, Mateus, Mônica, Natália,
    Otávio, Patrícia, Paulo, Pedro, Rafael, Raíssa, Renata, Sérgio, Sofia, Tânia, Thiago,
    Úrsula, Vinícius, Vitória, Zélia
""")
MIDDLE_NAMES = listed("""
    Aguiar, Almeida, Amorim, Andrade, Araújo, Assunção, Azevedo, Barros, Borges, Brandão,
    Campos, Cardoso, Corrêa, D'Ávila, Falcão, Freitas, Galvão, Gonçalves, Leão, Magalhães,
    Muniz, Sant'Ana, Teles, Uchôa
""")
LAST_NAMES = listed("""
    Alcântara, Bragança, Brito, Carvalho, Castelo Branco, da Costa, da Cruz, da Luz, da Silva,
    de Jesus, de Oliveira, de Sá, de Souza, do Nascimento, dos Santos, Esperança, Figueirêdo,
    Guimarães, Monção, Pereira, Ribeiro, Simões, Tavares
""")

# Department, course, subjects. A subject is two DISCIPLINA: "Cálculo I" and "Cálculo II".
DEPARTMENTS = {
    "Ciências Exatas": {
        "Matemática": "Álgebra, Análise, Cálculo, Geometria, Lógica, Topologia",
        "Física": "Mecânica, Óptica, Ondas, Termodinâmica, Eletromagnetismo, Física Quântica",
        "Química": "Química Geral, Química Orgânica, Bioquímica, Cinética, Eletroquímica, Soluções",
        "Estatística": "Probabilidade, Inferência, Amostragem, Regressão, Séries, Demografia",
    },
    "Computação": {
        "Ciência da Computação": "Algoritmos, Compiladores, Grafos, Autômatos, Redes, Criptografia",
        "Sistemas de Informação": "Banco de Dados, Requisitos, Gestão de TI, Auditoria, Web, Jogos",
        "Engenharia de Software": "Arquitetura, Testes, Projeto, Qualidade, Evolução, Processos",
        "Ciência de Dados": "Aprendizado, Visualização, Mineração, Modelagem, Big Data, Otimização",
    },
    "Engenharia": {
        "Engenharia Civil": "Concreto, Estruturas, Topografia, Hidráulica, Fundações, Pavimentação",
        "Engenharia Elétrica": "Circuitos, Eletrônica, Máquinas, Potência, Controle, Instalações",
        "Engenharia Mecânica": "Estática, Dinâmica, Fluidos, Materiais, Usinagem, Vibrações",
        "Engenharia de Produção": "Logística, Ergonomia, Custos, Simulação, Metrologia, Projeto",
    },
    "Saúde": {
        "Enfermagem": "Anatomia, Semiologia, Farmacologia, Saúde Coletiva, Ética, Urgência",
        "Medicina": "Fisiologia, Patologia, Cirurgia, Pediatria, Clínica Médica, Imunologia",
        "Nutrição": "Dietética, Bromatologia, Nutrição Clínica, Higiene, Avaliação, Gastronomia",
        "Educação Física": "Ginástica, Natação, Atletismo, Biomecânica, Recreação, Treinamento",
    },
    "Ciências Humanas": {
        "História": "História Antiga, História Medieval, Brasil, América, África, Arquivística",
        "Letras": "Linguística, Literatura, Latim, Fonética, Redação, Tradução",
        "Pedagogia": "Didática, Alfabetização, Currículo, Inclusão, Gestão Escolar, Ludicidade",
        "Psicologia": "Cognição, Psicanálise, Personalidade, Percepção, Neurociência, Terapia",
    },
    "Ciências Sociais Aplicadas": {
        "Administração": "Finanças, Marketing, Estratégia, Recursos Humanos, Negociação, Inovação",
        "Ciências Contábeis": "Contabilidade, Perícia, Tributos, Orçamento, Controladoria, Atuária",
        "Direito": "Direito Civil, Direito Penal, Constituição, Processo, Trabalho, Filosofia",
        "Economia": "Microeconomia, Macroeconomia, Econometria, Moeda, Comércio Exterior, História",
    },
}
COURSES = [listed(subjects) for courses in DEPARTMENTS.values() for subjects in courses.values()]
DISCIPLINES = len(COURSES) * SUBJECTS_PER_COURSE * len(PARTS)

STUDENT_STATUSES = listed("Matriculado, Trancado, Formado, Desligado")
STAFF_STATUSES = listed("Ativo, Em férias, Em licença, Desligado")
DISMISSED = 1 + STAFF_STATUSES.index("Desligado")
DEGREES = [("Graduação", 1.0), ("Especialização", 1.15), ("Mestrado", 1.4), ("Doutorado", 1.75)]
ASSESSMENT_TYPES = [("Prova", 0.6), ("Seminário", 0.3), ("Trabalho", 0.4), ("Relatório", 0.25)]
SECTORS = listed("""
    Secretaria, Biblioteca, Tesouraria, Recursos Humanos, Informática, Manutenção, Segurança,
    Comunicação, Laboratórios, Reitoria
""")
SHIFTS = [
    # name, start, end, days of the week as bits (Sunday is the lowest)
    ("Manhã", time(7, 30), time(11, 50), 0b1111110),
    ("Tarde", time(13, 30), time(17, 50), 0b0111110),
    ("Noite", time(19, 0), time(22, 30), 0b0111110),
]
# The bus is a four-byte character: a backup that falls back to three-byte UTF-8 loses it.
EXCUSES = listed("Consulta médica, Greve de ônibus 🚌, Convocação eleitoral, Doação de sangue")
LESSON_PLANS = listed("Exposição, Exercícios, Revisão, Laboratório, Discussão em grupo")

# In load order. The character set is fixed below, as its default collation depends on the server.
SCHEMA = {
    "ESTADO": """
        ESTADO_ID INT UNSIGNED PRIMARY KEY,
        UF CHAR(2) NOT NULL UNIQUE,
        NOME VARCHAR(40) NOT NULL UNIQUE
    """,
    "CIDADE": """
        CIDADE_ID INT UNSIGNED PRIMARY KEY,
        ESTADO_ID INT UNSIGNED NOT NULL REFERENCES ESTADO (ESTADO_ID),
        NOME VARCHAR(60) NOT NULL,
        CAPITAL BIT(1) NOT NULL,
        UNIQUE (ESTADO_ID, NOME)
    """,
    "BAIRRO": """
        BAIRRO_ID INT UNSIGNED PRIMARY KEY,
        CIDADE_ID INT UNSIGNED NOT NULL REFERENCES CIDADE (CIDADE_ID),
        NOME VARCHAR(60) NOT NULL,
        UNIQUE (CIDADE_ID, NOME)
    """,
    "LOGRADOURO": """
        LOGRADOURO_ID INT UNSIGNED PRIMARY KEY,
        BAIRRO_ID INT UNSIGNED NOT NULL REFERENCES BAIRRO (BAIRRO_ID),
        TIPO VARCHAR(20) NOT NULL,
        NOME VARCHAR(80) NOT NULL
    """,
    "CEP": """
        CEP_ID INT UNSIGNED PRIMARY KEY,
        LOGRADOURO_ID INT UNSIGNED NOT NULL REFERENCES LOGRADOURO (LOGRADOURO_ID),
        CODIGO CHAR(9) NOT NULL UNIQUE
    """,
    "ENDERECO": """
        ENDERECO_ID INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
        CEP_ID INT UNSIGNED NOT NULL REFERENCES CEP (CEP_ID),
        NUMERO SMALLINT UNSIGNED NOT NULL,
        COMPLEMENTO VARCHAR(40)
    """,
    "PESSOA": """
        PESSOA_ID INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
        ENDERECO_ID INT UNSIGNED NOT NULL REFERENCES ENDERECO (ENDERECO_ID),
        NOME VARCHAR(100) NOT NULL UNIQUE,
        CPF CHAR(11) NOT NULL UNIQUE,
        EMAIL VARCHAR(120) NOT NULL UNIQUE,
        TELEFONE VARCHAR(20),
        DATA_NASCIMENTO DATE NOT NULL
    """,
    "STATUS_FUNCIONARIO": """
        STATUS_FUNCIONARIO_ID INT UNSIGNED PRIMARY KEY,
        NOME VARCHAR(30) NOT NULL UNIQUE
    """,
    "FUNCIONARIO": """
        FUNCIONARIO_ID INT UNSIGNED PRIMARY KEY REFERENCES PESSOA (PESSOA_ID),
        STATUS_FUNCIONARIO_ID INT UNSIGNED NOT NULL
            REFERENCES STATUS_FUNCIONARIO (STATUS_FUNCIONARIO_ID),
        SALARIO DECIMAL(10, 2) NOT NULL,
        DATA_ADMISSAO DATE NOT NULL,
        DATA_DESLIGAMENTO DATE,
        CHECK (DATA_DESLIGAMENTO > DATA_ADMISSAO)
    """,
    "SETOR": """
        SETOR_ID INT UNSIGNED PRIMARY KEY,
        NOME VARCHAR(40) NOT NULL UNIQUE
    """,
    "ADMINISTRATIVO": """
        ADMINISTRATIVO_ID INT UNSIGNED PRIMARY KEY REFERENCES FUNCIONARIO (FUNCIONARIO_ID),
        SETOR_ID INT UNSIGNED NOT NULL REFERENCES SETOR (SETOR_ID),
        RAMAL CHAR(4),
        TRABALHO_REMOTO BIT(1) NOT NULL
    """,
    "DEPARTAMENTO": """
        DEPARTAMENTO_ID INT UNSIGNED PRIMARY KEY,
        NOME VARCHAR(60) NOT NULL UNIQUE,
        ORCAMENTO DECIMAL(12, 2) NOT NULL,
        FUNDADO_EM DATE NOT NULL
    """,
    "TITULACAO": """
        TITULACAO_ID INT UNSIGNED PRIMARY KEY,
        NOME VARCHAR(30) NOT NULL UNIQUE,
        FATOR_SALARIAL FLOAT NOT NULL
    """,
    "PROFESSOR": """
        PROFESSOR_ID INT UNSIGNED PRIMARY KEY REFERENCES FUNCIONARIO (FUNCIONARIO_ID),
        DEPARTAMENTO_ID INT UNSIGNED NOT NULL REFERENCES DEPARTAMENTO (DEPARTAMENTO_ID),
        TITULACAO_ID INT UNSIGNED NOT NULL REFERENCES TITULACAO (TITULACAO_ID),
        DEDICACAO_EXCLUSIVA BIT(1) NOT NULL
    """,
    "CURSO_GRADUACAO": """
        CURSO_GRADUACAO_ID INT UNSIGNED PRIMARY KEY,
        DEPARTAMENTO_ID INT UNSIGNED NOT NULL REFERENCES DEPARTAMENTO (DEPARTAMENTO_ID),
        NOME VARCHAR(60) NOT NULL UNIQUE,
        SEMESTRES TINYINT UNSIGNED NOT NULL,
        MENSALIDADE DECIMAL(8, 2) NOT NULL
    """,
    "STATUS_ALUNO": """
        STATUS_ALUNO_ID INT UNSIGNED PRIMARY KEY,
        NOME VARCHAR(30) NOT NULL UNIQUE
    """,
    "ALUNO": """
        ALUNO_ID INT UNSIGNED PRIMARY KEY REFERENCES PESSOA (PESSOA_ID),
        CURSO_GRADUACAO_ID INT UNSIGNED NOT NULL
            REFERENCES CURSO_GRADUACAO (CURSO_GRADUACAO_ID),
        STATUS_ALUNO_ID INT UNSIGNED NOT NULL REFERENCES STATUS_ALUNO (STATUS_ALUNO_ID),
        DATA_INGRESSO DATE NOT NULL,
        BOLSISTA BIT(1) NOT NULL,
        COEFICIENTE FLOAT
    """,
    "DISCIPLINA": """
        DISCIPLINA_ID INT UNSIGNED PRIMARY KEY,
        CURSO_GRADUACAO_ID INT UNSIGNED NOT NULL
            REFERENCES CURSO_GRADUACAO (CURSO_GRADUACAO_ID),
        PRE_REQUISITO_ID INT UNSIGNED REFERENCES DISCIPLINA (DISCIPLINA_ID),
        NOME VARCHAR(60) NOT NULL,
        CARGA_HORARIA SMALLINT UNSIGNED NOT NULL,
        UNIQUE (CURSO_GRADUACAO_ID, NOME)
    """,
    "TURNO": """
        TURNO_ID INT UNSIGNED PRIMARY KEY,
        NOME VARCHAR(20) NOT NULL UNIQUE,
        HORA_INICIO TIME NOT NULL,
        HORA_FIM TIME NOT NULL,
        DIAS_DA_SEMANA BIT(7) NOT NULL
    """,
    "TURMA": """
        TURMA_ID INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
        DISCIPLINA_ID INT UNSIGNED NOT NULL REFERENCES DISCIPLINA (DISCIPLINA_ID),
        PROFESSOR_ID INT UNSIGNED NOT NULL REFERENCES PROFESSOR (PROFESSOR_ID),
        TURNO_ID INT UNSIGNED NOT NULL REFERENCES TURNO (TURNO_ID),
        LETRA CHAR(1) NOT NULL,
        ANO SMALLINT UNSIGNED NOT NULL,
        SEMESTRE TINYINT UNSIGNED NOT NULL,
        VAGAS SMALLINT UNSIGNED NOT NULL,
        UNIQUE (DISCIPLINA_ID, ANO, SEMESTRE, LETRA)
    """,
    "AULA": """
        AULA_ID INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
        TURMA_ID INT UNSIGNED NOT NULL REFERENCES TURMA (TURMA_ID),
        INICIO DATETIME NOT NULL,
        DURACAO TIME NOT NULL,
        CONTEUDO VARCHAR(60),
        UNIQUE (TURMA_ID, INICIO)
    """,
    "INSCRICAO": """
        INSCRICAO_ID INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
        ALUNO_ID INT UNSIGNED NOT NULL REFERENCES ALUNO (ALUNO_ID),
        TURMA_ID INT UNSIGNED NOT NULL REFERENCES TURMA (TURMA_ID),
        INSCRITO_EM DATETIME NOT NULL,
        UNIQUE (ALUNO_ID, TURMA_ID)
    """,
    "ALUNO_AULA_XREF": """
        ALUNO_ID INT UNSIGNED NOT NULL REFERENCES ALUNO (ALUNO_ID),
        AULA_ID INT UNSIGNED NOT NULL REFERENCES AULA (AULA_ID),
        PRESENTE BIT(1) NOT NULL,
        JUSTIFICATIVA VARCHAR(60),
        PRIMARY KEY (ALUNO_ID, AULA_ID)
    """,
    "TIPO_AVALIACAO": """
        TIPO_AVALIACAO_ID INT UNSIGNED PRIMARY KEY,
        NOME VARCHAR(30) NOT NULL UNIQUE,
        PESO FLOAT NOT NULL
    """,
    "AVALIACAO": """
        AVALIACAO_ID INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
        TURMA_ID INT UNSIGNED NOT NULL REFERENCES TURMA (TURMA_ID),
        TIPO_AVALIACAO_ID INT UNSIGNED NOT NULL REFERENCES TIPO_AVALIACAO (TIPO_AVALIACAO_ID),
        DATA_APLICACAO DATE NOT NULL
    """,
    "AVALIACAO_INSCRICAO_XREF": """
        AVALIACAO_ID INT UNSIGNED NOT NULL REFERENCES AVALIACAO (AVALIACAO_ID),
        INSCRICAO_ID INT UNSIGNED NOT NULL REFERENCES INSCRICAO (INSCRICAO_ID),
        NOTA DECIMAL(4, 2),
        LANCADA_EM DATETIME,
        PRIMARY KEY (AVALIACAO_ID, INSCRICAO_ID)
    """,
}
TABLE_OPTIONS = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci"

# The trigger fires on updates only, so neither loading nor restoring sets it off. The event only
# refreshes statistics, and starts as late as MariaDB 10.11 accepts: its timestamps end in 2038.
PROGRAMS = """
-- Report card: a missed assessment counts as zero.
CREATE VIEW VW_BOLETIM AS
SELECT
    I.INSCRICAO_ID,
    P.NOME AS ALUNO,
    D.NOME AS DISCIPLINA,
    T.ANO,
    T.SEMESTRE,
    ROUND(SUM(COALESCE(X.NOTA, 0) * TA.PESO) / SUM(TA.PESO), 2) AS MEDIA
FROM INSCRICAO I
JOIN PESSOA P ON P.PESSOA_ID = I.ALUNO_ID
JOIN TURMA T ON T.TURMA_ID = I.TURMA_ID
JOIN DISCIPLINA D ON D.DISCIPLINA_ID = T.DISCIPLINA_ID
JOIN AVALIACAO_INSCRICAO_XREF X ON X.INSCRICAO_ID = I.INSCRICAO_ID
JOIN AVALIACAO A ON A.AVALIACAO_ID = X.AVALIACAO_ID
JOIN TIPO_AVALIACAO TA ON TA.TIPO_AVALIACAO_ID = A.TIPO_AVALIACAO_ID
GROUP BY I.INSCRICAO_ID, P.NOME, D.NOME, T.ANO, T.SEMESTRE;

DELIMITER //

-- Attendance of one enrolment, in percent.
CREATE FUNCTION FN_FREQUENCIA(P_INSCRICAO_ID INT UNSIGNED) RETURNS DECIMAL(5, 2)
READS SQL DATA
BEGIN
    DECLARE V_FREQUENCIA DECIMAL(5, 2);
    SELECT 100 * AVG(X.PRESENTE) INTO V_FREQUENCIA
    FROM INSCRICAO I
    JOIN AULA A ON A.TURMA_ID = I.TURMA_ID
    JOIN ALUNO_AULA_XREF X ON X.AULA_ID = A.AULA_ID AND X.ALUNO_ID = I.ALUNO_ID
    WHERE I.INSCRICAO_ID = P_INSCRICAO_ID;
    RETURN V_FREQUENCIA;
END //

-- A corrected grade must be valid, and is dated anew.
CREATE TRIGGER TRG_NOTA_CORRIGIDA BEFORE UPDATE ON AVALIACAO_INSCRICAO_XREF FOR EACH ROW
BEGIN
    IF NEW.NOTA NOT BETWEEN 0 AND 10 THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'NOTA fora do intervalo de 0 a 10';
    END IF;
    IF NOT NEW.NOTA <=> OLD.NOTA THEN
        SET NEW.LANCADA_EM = NOW();
    END IF;
END //

DELIMITER ;

CREATE EVENT EV_ESTATISTICAS_MENSAIS
ON SCHEDULE EVERY 1 MONTH STARTS '2037-01-01 03:00:00'
ON COMPLETION PRESERVE ENABLE
DO ANALYZE LOCAL TABLE ALUNO_AULA_XREF, AVALIACAO_INSCRICAO_XREF;
"""


def ids(count: int) -> range:
    """Return the ids of a table of that many rows."""
    return range(1, count + 1)


def children(parent: int, per_parent: int) -> range:
    """Return the ids of one parent's rows in a table that holds equally many for each."""
    return range((parent - 1) * per_parent + 1, parent * per_parent + 1)


def parent_of(child: int, per_parent: int) -> int:
    """Return whose row it is, the inverse of `children`."""
    return (child - 1) // per_parent + 1


def numbered(rows: Iterable[Row]) -> list[Row]:
    """Put an id before each row."""
    return [(number, *row) for number, row in enumerate(rows, start=1)]


def happens(rng: Random, probability: float) -> bool:
    """Return True as often as the probability says."""
    return rng.random() < probability


def maybe(rng: Random, probability: float, value: T) -> T | None:
    """Return the value as often as the probability says, otherwise None."""
    return value if happens(rng, probability) else None


def day(rng: Random, first_year: int, last_year: int) -> date:
    """Return any day from the start of the first year to the end of the last."""
    first, end = date(first_year, 1, 1), date(last_year + 1, 1, 1)
    return first + timedelta(days=rng.randrange((end - first).days))


def moment(rng: Random, first: date, days: int) -> datetime:
    """Return any second of so many days."""
    return datetime.combine(first, time()) + timedelta(seconds=rng.randrange(days * 86_400))


def money(rng: Random, lowest: int, highest: int) -> float:
    """Return an amount in reais and cents."""
    return rng.randint(lowest * 100, highest * 100) / 100


def discipline_of(class_id: int) -> int:
    """Return what a class teaches: once every discipline has one, the first get a second."""
    return (class_id - 1) % DISCIPLINES + 1


def classes_of(discipline: int) -> range:
    """Return the classes that teach a discipline, the inverse of `discipline_of`."""
    return range(discipline, CLASSES + 1, DISCIPLINES)


def semester_of(class_id: int) -> int:
    """Return the semester of a class: its discipline's place within the subject."""
    return (discipline_of(class_id) - 1) % len(PARTS) + 1


def class_day(class_id: int, weeks: int) -> date:
    """Return the day, Monday to Friday, on which a class meets after so many weeks."""
    return SEMESTER_START[semester_of(class_id) - 1] + timedelta(days=class_id % 5, weeks=weeks)


def course_of(student: int) -> int:
    """Return the course that a student takes."""
    return (student - 1) % len(COURSES) + 1


def shift_of(class_id: int) -> int:
    """Return the shift in which a class meets."""
    return class_id % len(SHIFTS) + 1


def estado() -> list[Row]:
    """Return the 26 states and the Federal District."""
    return numbered((uf, name) for uf, name, *_ in STATES)


def cidade() -> list[Row]:
    """Return the capital and another city of each state."""
    return numbered(
        (state, city, is_capital)
        for state, (_, _, capital, other) in enumerate(STATES, start=1)
        for city, is_capital in ((capital, True), (other, False))
    )


def bairro(rng: Random) -> list[Row]:
    """Return the districts of every city."""
    return numbered(
        (city, name)
        for city in ids(len(STATES) * CITIES_PER_STATE)
        for name in rng.sample(DISTRICTS, DISTRICTS_PER_CITY)
    )


def logradouro(rng: Random, districts: int) -> list[Row]:
    """Return the streets of every district."""
    return numbered(
        (district, rng.choice(STREET_TYPES), name)
        for district in ids(districts)
        for name in rng.sample(STREETS, STREETS_PER_DISTRICT)
    )


def cep(rng: Random, streets: int) -> list[Row]:
    """Return one invented postal code per street; the first half tells them apart."""
    return numbered(
        (street, f"{10_000 + 173 * street}-{rng.randrange(1000):03}") for street in ids(streets)
    )


def endereco(rng: Random, ceps: int) -> list[Row]:
    """Return addresses, fewer than people: some live together."""
    return numbered(
        (rng.randint(1, ceps), rng.randint(1, 2500), maybe(rng, 0.3, rng.choice(COMPLEMENTS)))
        for _ in ids(ADDRESSES)
    )


def places(rng: Random) -> dict[str, list[Row]]:
    """Return the tables of the address chain."""
    districts = bairro(rng)
    streets = logradouro(rng, len(districts))
    ceps = cep(rng, len(streets))
    return {
        "ESTADO": estado(),
        "CIDADE": cidade(),
        "BAIRRO": districts,
        "LOGRADOURO": streets,
        "CEP": ceps,
        "ENDERECO": endereco(rng, len(ceps)),
    }


def cpf(rng: Random) -> str:
    """Return digits that are nobody's CPF: the first check digit is off by one."""
    base = f"{rng.randrange(10**9):09}"
    total = sum(int(digit) * weight for digit, weight in zip(base, range(10, 1, -1), strict=True))
    right = total * 10 % 11 % 10
    return f"{base}{(right + 1) % 10}{rng.randrange(10)}"


def email(name: str) -> str:
    """Return an address made of the full name, without its accents."""
    decomposed = unicodedata.normalize("NFD", name.lower().replace("'", ""))
    plain = decomposed.encode("ascii", "ignore").decode()
    return plain.replace(" ", ".") + "@example.com"


def phone(rng: Random) -> str:
    """Return a number with an area code that does not exist."""
    return f"(00) 9{rng.randrange(10**4):04}-{rng.randrange(10**4):04}"


def full_names(rng: Random) -> list[str]:
    """Return everybody's name, no two alike."""
    every = list(itertools.product(FIRST_NAMES, MIDDLE_NAMES, LAST_NAMES))
    return [" ".join(parts) for parts in rng.sample(every, PEOPLE)]


def pessoa(rng: Random) -> list[Row]:
    """Return everybody: first the students, then the professors, then the administration."""
    return numbered(
        (
            rng.randint(1, ADDRESSES),
            name,
            cpf(rng),
            email(name),
            maybe(rng, 0.9, phone(rng)),
            day(rng, 1996, 2002) if number <= STUDENTS else day(rng, 1958, 1990),
        )
        for number, name in enumerate(full_names(rng), start=1)
    )


def funcionario(rng: Random) -> list[Row]:
    """Return the staff, the dismissed with the day they left."""
    rows: list[Row] = []
    for number in range(STUDENTS + 1, PEOPLE + 1):
        [status] = rng.choices(ids(len(STAFF_STATUSES)), weights=(85, 6, 5, 4))
        left = day(rng, YEAR + 1, YEAR + 1) if status == DISMISSED else None
        rows.append((number, status, money(rng, 2_200, 18_500), day(rng, 2014, 2024), left))
    return rows


def administrativo(rng: Random) -> list[Row]:
    """Return the administrative staff."""
    return [
        (
            number,
            rng.randint(1, len(SECTORS)),
            maybe(rng, 0.8, f"{rng.randrange(10**4):04}"),
            happens(rng, 0.25),
        )
        for number in ADMINISTRATOR_IDS
    ]


def professor(rng: Random) -> list[Row]:
    """Return the professors, each in the department of the class they give."""
    disciplines_per_department = DISCIPLINES // len(DEPARTMENTS)
    return [
        (
            number,
            parent_of(discipline_of(class_id), disciplines_per_department),
            rng.randint(1, len(DEGREES)),
            happens(rng, 0.4),
        )
        for class_id, number in enumerate(PROFESSOR_IDS, start=1)
    ]


def aluno(rng: Random) -> list[Row]:
    """Return the students; the courses take turns, so that all are alike in size."""
    return [
        (
            number,
            course_of(number),
            *rng.choices(ids(len(STUDENT_STATUSES)), weights=(80, 8, 8, 4)),
            date(rng.randint(2021, YEAR - 1), rng.choice((2, 8)), 10),
            happens(rng, 0.2),
            maybe(rng, 0.9, rng.randint(500, 1000) / 100),
        )
        for number in ids(STUDENTS)
    ]


def departamento(rng: Random) -> list[Row]:
    """Return the departments."""
    return numbered(
        (name, money(rng, 800_000, 5_000_000), day(rng, 1950, 2000)) for name in DEPARTMENTS
    )


def curso_graduacao(rng: Random) -> list[Row]:
    """Return the degree courses, department by department."""
    return numbered(
        (department, name, rng.choice((8, 10)), money(rng, 600, 3_000))
        for department, courses in enumerate(DEPARTMENTS.values(), start=1)
        for name in courses
    )


def disciplina(rng: Random) -> list[Row]:
    """Return both parts of every subject: the first is required for the second."""
    rows: list[Row] = []
    for course, subjects in enumerate(COURSES, start=1):
        for subject in subjects:
            required = None
            for part in PARTS:
                number, hours = len(rows) + 1, rng.choice((40, 60, 80))
                rows.append((number, course, required, f"{subject} {part}", hours))
                required = number
    return rows


def turma(rng: Random) -> list[Row]:
    """Return the classes of the year."""
    return numbered(
        (
            discipline_of(class_id),
            number,
            shift_of(class_id),
            "AB"[classes_of(discipline_of(class_id)).index(class_id)],
            YEAR,
            semester_of(class_id),
            rng.choice((30, 40, 50)),
        )
        for class_id, number in enumerate(PROFESSOR_IDS, start=1)
    )


def aula(rng: Random) -> list[Row]:
    """Return the lessons of every class, a week apart."""
    return numbered(
        (
            class_id,
            datetime.combine(class_day(class_id, week), SHIFTS[shift_of(class_id) - 1][1]),
            time(1, 40),
            maybe(rng, 0.8, rng.choice(LESSON_PLANS)),
        )
        for class_id in ids(CLASSES)
        for week in range(LESSONS_PER_CLASS)
    )


def avaliacao(rng: Random) -> list[Row]:
    """Return the assessments of every class, no two of them of one type."""
    rows: list[Row] = []
    for class_id in ids(CLASSES):
        types = rng.sample(ids(len(ASSESSMENT_TYPES)), len(ASSESSMENT_WEEKS))
        rows += [
            (class_id, kind, class_day(class_id, weeks))
            for kind, weeks in zip(types, ASSESSMENT_WEEKS, strict=True)
        ]
    return numbered(rows)


def enrolments(rng: Random) -> list[Enrolment]:
    """Choose some subjects of each student's course, and a class for each part of them."""
    return [
        (student, rng.choice(classes_of(discipline)))
        for student in ids(STUDENTS)
        for subject in rng.sample(
            children(course_of(student), SUBJECTS_PER_COURSE), SUBJECTS_PER_STUDENT
        )
        for discipline in children(subject, len(PARTS))
    ]


def inscricao(rng: Random, enrolled: Sequence[Enrolment]) -> list[Row]:
    """Return the enrolments, made in the fortnight before the class starts."""
    return numbered(
        (student, class_id, moment(rng, class_day(class_id, -2), days=14))
        for student, class_id in enrolled
    )


def aluno_aula_xref(rng: Random, enrolled: Sequence[Enrolment]) -> list[Row]:
    """Return who attended which lesson, and some of the excuses of those who did not."""
    rows: list[Row] = []
    for student, class_id in enrolled:
        for lesson in children(class_id, LESSONS_PER_CLASS):
            present = happens(rng, 0.85)
            excuse = None if present else maybe(rng, 0.5, rng.choice(EXCUSES))
            rows.append((student, lesson, present, excuse))
    return rows


def avaliacao_inscricao_xref(rng: Random, enrolled: Sequence[Enrolment]) -> list[Row]:
    """Return the grades, entered within ten days; who missed the assessment has none."""
    rows: list[Row] = []
    for enrolment, (_, class_id) in enumerate(enrolled, start=1):
        assessments = children(class_id, len(ASSESSMENT_WEEKS))
        for assessment, weeks in zip(assessments, ASSESSMENT_WEEKS, strict=True):
            grade = maybe(rng, 0.95, rng.randint(8, 40) / 4)
            entered = moment(rng, class_day(class_id, weeks) + timedelta(days=1), days=10)
            rows.append((assessment, enrolment, grade, None if grade is None else entered))
    return rows


def lookups() -> dict[str, list[Row]]:
    """Return the tables that are fixed lists."""
    return {
        "STATUS_ALUNO": numbered((name,) for name in STUDENT_STATUSES),
        "STATUS_FUNCIONARIO": numbered((name,) for name in STAFF_STATUSES),
        "SETOR": numbered((name,) for name in SECTORS),
        "TITULACAO": numbered(DEGREES),
        "TIPO_AVALIACAO": numbered(ASSESSMENT_TYPES),
        "TURNO": numbered(SHIFTS),
    }


def people(rng: Random) -> dict[str, list[Row]]:
    """Return the tables of who is who."""
    return {
        "PESSOA": pessoa(rng),
        "FUNCIONARIO": funcionario(rng),
        "ADMINISTRATIVO": administrativo(rng),
        "PROFESSOR": professor(rng),
        "ALUNO": aluno(rng),
    }


def teaching(rng: Random) -> dict[str, list[Row]]:
    """Return the tables of what is taught, to whom and with what result."""
    enrolled = enrolments(rng)
    return {
        "DEPARTAMENTO": departamento(rng),
        "CURSO_GRADUACAO": curso_graduacao(rng),
        "DISCIPLINA": disciplina(rng),
        "TURMA": turma(rng),
        "AULA": aula(rng),
        "AVALIACAO": avaliacao(rng),
        "INSCRICAO": inscricao(rng, enrolled),
        "ALUNO_AULA_XREF": aluno_aula_xref(rng, enrolled),
        "AVALIACAO_INSCRICAO_XREF": avaliacao_inscricao_xref(rng, enrolled),
    }


def literal(value: Value) -> str:
    """Return a value as SQL."""
    match value:
        case None:
            return "NULL"
        case bool():
            return f"b'{value:d}'"
        case int() | float():
            return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def create(table: str) -> str:
    """Return the statement that creates a table."""
    columns = textwrap.indent(textwrap.dedent(SCHEMA[table]).strip(), "    ")
    return f"CREATE TABLE {table} (\n{columns}\n) {TABLE_OPTIONS};\n"


def inserts(table: str, rows: Sequence[Row]) -> Iterator[str]:
    """Yield the statements that fill a table, many rows in each."""
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        values = ",\n".join(f"({', '.join(map(literal, row))})" for row in batch)
        yield f"INSERT INTO {table} VALUES\n{values};\n"


def script(tables: dict[str, list[Row]]) -> Iterator[str]:
    """Yield the whole file: the data in one transaction, to load it fast."""
    yield "SET NAMES utf8mb4;\n-- Written by generate.py: change that, not this.\n"
    yield from map(create, SCHEMA)
    yield "START TRANSACTION;\n"
    for table in SCHEMA:
        yield from inserts(table, tables[table])
    yield "COMMIT;\n"
    yield PROGRAMS.lstrip()


def main() -> None:
    """Print the database; in UTF-8, whatever the locale says."""
    rng = Random(SEED)
    tables = lookups() | places(rng) | people(rng) | teaching(rng)
    sys.stdout.buffer.write("\n".join(script(tables)).encode())


if __name__ == "__main__":
    main()
