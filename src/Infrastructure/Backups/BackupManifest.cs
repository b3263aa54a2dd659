using System.Security.Cryptography;
using System.Text.Json;
using VisionPlatform.Domain.Operations;

namespace VisionPlatform.Infrastructure.Backups;

/// <summary>
/// What a backup consists of. It is written last: a backup without it does not exist. Keys are relative to the backup's own prefix.
/// </summary>
/// <param name="Format">1.</param>
/// <param name="Id">Name of the backup below its database: the time at which it was taken, and a random end.</param>
/// <param name="Database">Name of the database as settings and commands know it.</param>
/// <param name="Taken">The point in time, UTC.</param>
/// <param name="Position">The same as a position in the write-ahead log.</param>
/// <param name="ServerVersion"><c>server_version_num</c>.</param>
/// <param name="Collation">How the database sorts text, with provider and version.</param>
/// <param name="SchemaVersion">The last migration; null for a database that has none.</param>
/// <param name="IsEncrypted">Whether the objects are encrypted.</param>
/// <param name="PartBytes">Size of all parts of an object but the last.</param>
/// <param name="Schema">The statements that make the schema, as JSON.</param>
/// <param name="LargeObjects">Large objects; null when there are none.</param>
/// <param name="Sequences">Statements that set the sequences.</param>
/// <param name="Tables">Every table that holds rows.</param>
public sealed record BackupManifest(
    int Format, string Id, string Database, DateTimeOffset Taken, string Position, int ServerVersion, string Encoding, string Collation, string? SchemaVersion, bool IsEncrypted,
    int PartBytes, BackupObject Schema, BackupObject? LargeObjects, IReadOnlyList<string> Sequences, IReadOnlyList<BackupTable> Tables)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>All objects.</summary>
    public IEnumerable<BackupObject> Objects => [Schema, .. LargeObjects is null ? [] : new[] { LargeObjects }, .. Tables.SelectMany(table => table.Objects)];

    /// <summary>Bytes in the store.</summary>
    public long StoredBytes => Objects.Sum(stored => stored.Bytes);

    public long Rows => Tables.Sum(table => table.Rows);

    /// <summary>
    /// The manifest as it is stored: a line of JSON, then a line that proves that it is whole: its HMAC-SHA256 under the backup key, or its SHA-256
    /// where no key is set.
    /// </summary>
    public byte[] ToBytes(byte[]? key)
    {
        var text = JsonSerializer.SerializeToUtf8Bytes(this, Json);
        return [.. text, .. "\n"u8, .. System.Text.Encoding.UTF8.GetBytes(Proof(text, key)), .. "\n"u8];
    }

    /// <exception cref="OperationException">It is damaged, or was made with another key.</exception>
    public static BackupManifest Parse(byte[] bytes, byte[]? key)
    {
        var end = Array.IndexOf(bytes, (byte)'\n');
        if (end < 0)
            throw new OperationException("the manifest is incomplete");
        var (text, proof) = (bytes.AsSpan(0, end).ToArray(), System.Text.Encoding.UTF8.GetString(bytes.AsSpan(end + 1)).Trim());
        var isSigned = proof.StartsWith("hmac-sha256 ", StringComparison.Ordinal);
        if (isSigned && key is null)
            throw new OperationException("the backup is encrypted: set BACKUP_ENCRYPTION_KEY to the key that it was made with");
        // A manifest that lost its HMAC must not pass where a key is set.
        if (!CryptographicOperations.FixedTimeEquals(System.Text.Encoding.UTF8.GetBytes(Proof(text, key)), System.Text.Encoding.UTF8.GetBytes(proof)))
            throw new OperationException(isSigned
                ? "the manifest is damaged, or was made with another BACKUP_ENCRYPTION_KEY"
                : key is null ? "the manifest is damaged" : "the backup is not encrypted, or its manifest is damaged; unset BACKUP_ENCRYPTION_KEY to use one that is not encrypted");
        return JsonSerializer.Deserialize<BackupManifest>(text, Json) is { Format: 1 } manifest
            ? manifest
            : throw new OperationException("the backup has a newer format; use a newer release to read it");
    }

    private static string Proof(byte[] text, byte[]? key) => key is null
        ? $"sha256 {Convert.ToHexStringLower(SHA256.HashData(text))}"
        : $"hmac-sha256 {Convert.ToHexStringLower(HMACSHA256.HashData(HKDF.DeriveKey(HashAlgorithmName.SHA256, key, 32, info: "vision-platform backup manifest"u8.ToArray()), text))}";
}

/// <summary>One object of a backup.</summary>
/// <param name="Key">Relative to the backup's prefix.</param>
/// <param name="Bytes">Size.</param>
/// <param name="Parts">SHA-256 of each part, lower-case hexadecimal.</param>
public sealed record BackupObject(string Key, long Bytes, IReadOnlyList<string> Parts);

/// <summary>The rows of one table: COPY streams, compressed by Zstandard.</summary>
/// <param name="Name">Quoted where necessary, with schema.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Hash">The sum of the hashes of its rows (<see cref="DatabaseCopy.ContentHash"/>).</param>
/// <param name="IsText">Whether the streams are in text format.</param>
/// <param name="Columns">Quoted names of the columns.</param>
/// <param name="Bytes">Size in the database.</param>
/// <param name="Objects">One stream each; a large table has several.</param>
public sealed record BackupTable(string Name, long Rows, string Hash, bool IsText, IReadOnlyList<string> Columns, long Bytes, IReadOnlyList<BackupObject> Objects);
