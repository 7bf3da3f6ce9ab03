"""Everything that was received, for good: raw packets in a log that survives `kill -9`, decoded into Parquet tables.

Enters: packets with the time of their reception, live or from files that come late. Leaves: tables for SQL (DuckDB).

    FOLDER/raw/00000001.log            the truth: packets as received, each with a check of its own
    FOLDER/parquet/samples-00000001.parquet   and packets-, events-, stages-, reports-: made from a raw log once it is
                                       full, made again where missing; the last log is read as it stands
"""
