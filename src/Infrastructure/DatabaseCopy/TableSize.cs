using Npgsql;

namespace VisionPlatform.Infrastructure.DatabaseCopy;

/// <summary>A table and what it takes.</summary>
/// <param name="Name">With schema.</param>
/// <param name="Bytes">With indexes and TOAST.</param>
/// <param name="Indexes">How many indexes it has.</param>
/// <param name="Rows">About how many rows it has, from the server's statistics.</param>
public sealed record TableSize(string Name, long Bytes, long Indexes, long Rows)
{
    /// <summary>All tables of a database, largest first.</summary>
    public static Task<List<TableSize>> ReadAsync(NpgsqlConnection connection, CancellationToken cancellation) => Catalog.RowsAsync(
        connection, Catalog.Query("table-sizes"), row => new TableSize(row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)), cancellation);
}
