namespace VisionPlatform.Infrastructure.DatabaseCopy;

/// <summary>When a statement of a schema runs.</summary>
public enum SchemaStage
{
    /// <summary>Types, functions, sequences, tables: before rows are loaded.</summary>
    BeforeRows,

    /// <summary>Primary keys, unique constraints and indexes: after rows are loaded, several at once.</summary>
    Indexes,

    /// <summary>Everything that refers to keys or must not act while rows are loaded: foreign keys, views, triggers, comments, privileges.</summary>
    AfterRows,
}

/// <summary>One statement that makes a part of a schema.</summary>
/// <param name="Stage">When it runs.</param>
/// <param name="Kind">For messages: <c>table</c>.</param>
/// <param name="Name">For messages: <c>public.images</c>.</param>
/// <param name="Sql">The statement.</param>
/// <param name="Roles">Roles that must exist for it; it is left out where one does not.</param>
public sealed record SchemaStatement(SchemaStage Stage, string Kind, string Name, string Sql, IReadOnlyList<string> Roles);

/// <summary>A table that holds rows: an ordinary table or a leaf partition.</summary>
/// <param name="Name">Quoted where necessary, with schema: <c>public.images</c>.</param>
/// <param name="HeapBytes">Size of its main file.</param>
/// <param name="Bytes">With TOAST, without indexes.</param>
/// <param name="Columns">Quoted names of the columns that are copied; generated ones are computed at the target.</param>
/// <param name="IsText">Whether its rows travel as text, because their binary form holds object ids of one database.</param>
public sealed record Relation(string Name, long HeapBytes, long Bytes, IReadOnlyList<string> Columns, bool IsText)
{
    private string ColumnList => Columns.Count == 0 ? "" : $" ({string.Join(", ", Columns)})";

    private string Format => IsText ? "" : " (FORMAT binary)";

    /// <summary>COPY of all rows to the client.</summary>
    public string CopyOut => $"COPY {Name}{ColumnList} TO STDOUT{Format}";

    /// <summary>COPY of the rows in the blocks <paramref name="from"/> (inclusive) to <paramref name="to"/> (exclusive; null: to the end).</summary>
    public string CopyOutBlocks(long from, long? to) =>
        $"COPY (SELECT {string.Join(", ", Columns)} FROM ONLY {Name} WHERE ctid >= '({from},0)'::tid{(to is null ? "" : $" AND ctid < '({to},0)'::tid")}) TO STDOUT{Format}";

    /// <summary>COPY of rows from the client. Freezing is allowed only in the transaction that made or emptied the table.</summary>
    public string CopyIn(bool freeze) => (freeze, IsText) switch
    {
        (true, true) => $"COPY {Name}{ColumnList} FROM STDIN (FREEZE)",
        (true, false) => $"COPY {Name}{ColumnList} FROM STDIN (FORMAT binary, FREEZE)",
        _ => $"COPY {Name}{ColumnList} FROM STDIN{Format}",
    };
}

/// <summary>Everything that a database consists of, except its rows.</summary>
public sealed record DatabaseSchema(IReadOnlyList<SchemaStatement> Statements, IReadOnlyList<Relation> Relations);
