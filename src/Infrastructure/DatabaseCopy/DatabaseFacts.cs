using System.Globalization;
using Npgsql;

namespace VisionPlatform.Infrastructure.DatabaseCopy;

/// <summary>What two databases have to agree on, and what the connected user may do.</summary>
/// <param name="Version"><c>server_version_num</c>.</param>
/// <param name="Order">How the database sorts text: collation, character type and provider.</param>
/// <param name="CollationVersion">The version of the operating system's rules under which indexes were made; null when it is not recorded.</param>
/// <param name="ActualCollationVersion">The version now.</param>
/// <param name="Bytes">Size with indexes.</param>
/// <param name="IsReadOnly">A standby, or set to read-only.</param>
/// <param name="MayCreate">Whether the user may create schemas.</param>
/// <param name="SeesAllRows">Whether row security does not apply to the user.</param>
internal sealed record DatabaseFacts(
    int Version, string Encoding, string Order, string? CollationVersion, string? ActualCollationVersion, long Bytes, string Name, bool IsReadOnly, bool MayCreate, bool SeesAllRows,
    long LargeObjects)
{
    public const int OldestVersion = 150000;

    /// <summary>How text is sorted, with the version of the rules.</summary>
    public string Collation => $"{Order}{(ActualCollationVersion is null ? "" : $" version {ActualCollationVersion}")}";

    public static async Task<DatabaseFacts> ReadAsync(NpgsqlConnection connection, CancellationToken cancellation) =>
        (await Catalog.RowsAsync(connection, Catalog.Query("database-facts"), row => new DatabaseFacts(
            row.GetInt32(0), row.GetString(1), $"{row.GetString(2)}/{row.GetString(3)} (provider {row.GetString(4)})", row.IsDBNull(5) ? null : row.GetString(5), row.IsDBNull(6) ? null : row.GetString(6),
            row.GetInt64(7), row.GetString(8), row.GetBoolean(9) || row.GetBoolean(10), row.GetBoolean(11), row.GetBoolean(12), row.GetInt64(13)), cancellation))[0];

    /// <summary>A sentence that names a table of which the user cannot read every row; null when there is none.</summary>
    public static async Task<string?> UnreadableAsync(NpgsqlConnection connection, DatabaseFacts facts, CancellationToken cancellation, IReadOnlySet<string>? only = null)
    {
        foreach (var (name, isReadable) in await Catalog.RowsAsync(connection, Catalog.Query("unreadable-tables"), row => (row.GetString(0), row.GetBoolean(1)), cancellation))
        {
            if (only?.Contains(name) == false)
                continue;
            if (!isReadable)
                return $"the source's user may not read {name}";
            if (!facts.SeesAllRows)
                return $"row security hides rows of {name} from the source's user";
        }
        return null;
    }

    /// <summary>A release as people write it: <c>15.18</c>.</summary>
    public static string Release(int version) => string.Create(CultureInfo.InvariantCulture, $"{version / 10000}.{version % 10000}");
}
