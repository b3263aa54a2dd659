using Npgsql;
using VisionPlatform.Domain.Operations;
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

    /// <summary>The databases of the modules under their names, the buckets as <c>datasets</c> and <c>internal</c>.</summary>
    public static DataLocations Of(DatabaseSettings? databases, StorageSettings? storage)
    {
        var locations = new DataLocations();
        foreach (var (name, connection) in databases?.ConnectionStrings ?? new Dictionary<string, string>())
            locations.AddDatabase(name, connection);
        if (storage is not null)
        {
            locations.AddBucket("datasets", storage.External);
            locations.AddBucket("internal", storage.Internal);
        }
        return locations;
    }

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

    private static OperationException Unknown(string kind, string name, IEnumerable<string> known) =>
        new($"There is no {kind} '{name}' here; known are {string.Join(", ", known.Order(StringComparer.Ordinal))}.");
}
