using Npgsql;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.Operations;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Operations;

/// <summary>
/// Databases and buckets by name. Inputs of orchestrations are stored, so they hold names; only the process that works knows addresses and
/// passwords.
/// </summary>
public sealed class DataLocations
{
    private readonly Dictionary<string, string> _databases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BucketSettings> _buckets = new(StringComparer.Ordinal);

    private string[] _ownDatabases = [];
    private string[] _ownBuckets = [];

    /// <summary>The databases of the modules under their names, the buckets as <c>datasets</c> and <c>internal</c>, and what the operations' settings add.</summary>
    public static DataLocations Of(DatabaseSettings? databases, StorageSettings? storage, OperationsSettings? more = null)
    {
        var locations = new DataLocations();
        foreach (var (name, connection) in databases?.ConnectionStrings ?? new Dictionary<string, string>())
            locations.AddDatabase(name, connection);
        if (storage is not null)
        {
            locations.AddBucket("datasets", storage.External);
            locations.AddBucket("internal", storage.Internal);
        }
        (locations._ownDatabases, locations._ownBuckets) = ([.. locations.DatabaseNames], [.. locations.BucketNames]);
        foreach (var (name, connection) in more?.Databases ?? new Dictionary<string, string>())
            locations.AddDatabase(name, connection);
        foreach (var (name, bucket) in more?.Buckets ?? new Dictionary<string, BucketSettings>())
            locations.AddBucket(name, bucket);
        return locations;
    }

    /// <summary>The databases of the modules: those that backups are taken of.</summary>
    public IReadOnlyCollection<string> OwnDatabaseNames => _ownDatabases;

    public IReadOnlyCollection<string> DatabaseNames => _databases.Keys;

    public IReadOnlyCollection<string> BucketNames => _buckets.Keys;

    /// <summary>Adds a database, or replaces the one of that name.</summary>
    /// <param name="name">The name that orchestrations use.</param>
    /// <param name="connectionString">An Npgsql connection string. Operations use connections of their own without a pool and without a command timeout.</param>
    public void AddDatabase(string name, string connectionString) =>
        _databases[name] = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Pooling = false, CommandTimeout = 0, MaxAutoPrepare = 0, ApplicationName = "vision-platform operation",
        }.ConnectionString;

    public void AddBucket(string name, BucketSettings bucket) => _buckets[name] = bucket;

    /// <summary>The connection string of a database.</summary>
    /// <exception cref="OperationException">There is none of that name.</exception>
    public string Database(string name) => _databases.GetValueOrDefault(name) ?? throw Unknown("database", name, _databases.Keys);

    /// <summary>Address and keys of a bucket.</summary>
    /// <exception cref="OperationException">There is none of that name.</exception>
    public BucketSettings Bucket(string name) => _buckets.GetValueOrDefault(name) ?? throw Unknown("bucket", name, _buckets.Keys);

    /// <summary>Server and name of a database, without user and password: two names of one database have the same.</summary>
    public string PlaceOfDatabase(string name) => new NpgsqlConnectionStringBuilder(Database(name)) is var builder ? $"{builder.Host}:{builder.Port}/{builder.Database}" : "";

    /// <summary>Endpoint and name of a bucket.</summary>
    public string PlaceOfBucket(string name) => Bucket(name) is var bucket ? $"{bucket.Endpoint}{bucket.Bucket}" : "";

    /// <summary>Whether a name stands for a database that the app itself works with.</summary>
    public bool IsOwnDatabase(string name) => _ownDatabases.Any(own => PlaceOfDatabase(own) == PlaceOfDatabase(name));

    /// <summary>Whether a name stands for a bucket that the app itself works with.</summary>
    public bool IsOwnBucket(string name) => _ownBuckets.Any(own => PlaceOfBucket(own) == PlaceOfBucket(name));

    private static OperationException Unknown(string kind, string name, IEnumerable<string> known) =>
        new($"There is no {kind} '{name}' here; known are {string.Join(", ", known.Order(StringComparer.Ordinal))}.");
}
