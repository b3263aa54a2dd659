using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Npgsql;
using VisionPlatform.Application.Modules;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Platform.Tests.Hosting;

/// <summary>The databases of one installation.</summary>
/// <param name="Urls">The address of each, by its name.</param>
public sealed record AppDatabases(IReadOnlyDictionary<string, string> Urls)
{
    public string Users => Urls[Databases.Users];

    public string Platform => Urls[Databases.Platform];

    /// <summary>The settings that lead an app to them.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Settings => TestDatabases.All.Select(database => KeyValuePair.Create(database.Setting, (string?)Urls[database.Name]));

    /// <summary>The same, with another database in place of one.</summary>
    public AppDatabases With(string name, string url) => new(new Dictionary<string, string>(Urls) { [name] = url });

    public UserDatabase OpenUsers() => Open(Databases.OfUsers);

    public PlatformDatabase OpenPlatform() => Open(Databases.OfPlatform);

    public TContext Open<TContext>(ModuleDatabase<TContext> database)
        where TContext : DbContext =>
        database.New(new DbContextOptionsBuilder<TContext>().UseNpgsql(TestDatabases.ConnectionString(Urls[database.Name])).Options);
}

/// <summary>Makes databases on the test server; migrates a template once and copies it, so a fresh installation takes a tenth of a second.</summary>
internal sealed class TestDatabases(string server) : IAsyncDisposable
{
    /// <summary>The databases of all modules.</summary>
    public static IReadOnlyList<ModuleDatabase> All { get; } = [.. AppModules.All.SelectMany(module => module.Databases)];

    private readonly string _prefix = $"t{Guid.CreateVersion7():n}"[..20];
    private readonly List<string> _names = [];
    private readonly SemaphoreSlim _one = new(1);
    private AppDatabases? _template;

    /// <summary>A new set; without a schema when <paramref name="migrated"/> is false.</summary>
    public async Task<AppDatabases> CreateAsync(bool migrated = true)
    {
        await _one.WaitAsync();
        try
        {
            if (!migrated)
                return await CreateAsync(null);
            if (_template is null)
            {
                _template = await CreateAsync(null);
                foreach (var database in All)
                    await MigrateAsync(database, _template.Urls[database.Name]);
                NpgsqlConnection.ClearAllPools();
            }
            return await CreateAsync(_template);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Takes a database away under a running app.</summary>
    public Task DropAsync(string url) => ExecuteAsync($"DROP DATABASE IF EXISTS {NameOf(url)} WITH (FORCE)");

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        foreach (var name in _names)
            await ExecuteAsync($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        _one.Dispose();
    }

    public static string ConnectionString(string url) => DatabaseSettings.ConnectionString(
        new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("URL", (string?)url)]).Build(), "URL");

    private async Task<AppDatabases> CreateAsync(AppDatabases? template)
    {
        var urls = new Dictionary<string, string>();
        foreach (var database in All)
            urls[database.Name] = await CreateOneAsync(database.Name, template?.Urls[database.Name]);
        return new AppDatabases(urls);
    }

    private static async Task MigrateAsync(ModuleDatabase database, string url)
    {
        await using var connection = new NpgsqlConnection(ConnectionString(url));
        await using var context = database.Open(connection);
        await context.Database.MigrateAsync();
    }

    private async Task<string> CreateOneAsync(string kind, string? template)
    {
        var name = $"{_prefix}_{_names.Count}_{kind}";
        await ExecuteAsync(template is null ? $"CREATE DATABASE {name}" : $"CREATE DATABASE {name} TEMPLATE {NameOf(template)}");
        _names.Add(name);
        return new UriBuilder(server) { Path = name }.Uri.ToString();
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString(server) + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static string NameOf(string url) => new Uri(url).AbsolutePath.Trim('/');
}
