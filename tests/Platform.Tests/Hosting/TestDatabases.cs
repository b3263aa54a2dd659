using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Npgsql;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Platform.Tests.Hosting;

/// <summary>The two databases of one installation.</summary>
/// <param name="Users">As USER_DATABASE_URL.</param>
/// <param name="Platform">As DATABASE_URL.</param>
public sealed record AppDatabases(string Users, string Platform)
{
    public UserDatabase OpenUsers() => new(new DbContextOptionsBuilder<UserDatabase>().UseNpgsql(TestDatabases.ConnectionString(Users)).Options);

    public PlatformDatabase OpenPlatform() => new(new DbContextOptionsBuilder<PlatformDatabase>().UseNpgsql(TestDatabases.ConnectionString(Platform)).Options);
}

/// <summary>Makes databases on the test server; migrates a template once and copies it, so a fresh installation takes a tenth of a second.</summary>
internal sealed class TestDatabases(string server) : IAsyncDisposable
{
    private readonly string _prefix = $"t{Guid.CreateVersion7():n}"[..20];
    private readonly List<string> _names = [];
    private readonly SemaphoreSlim _one = new(1);
    private AppDatabases? _template;

    /// <summary>A new pair; without a schema when <paramref name="migrated"/> is false.</summary>
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
                await using var users = _template.OpenUsers();
                await users.Database.MigrateAsync();
                await using var platform = _template.OpenPlatform();
                await platform.Database.MigrateAsync();
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

    private async Task<AppDatabases> CreateAsync(AppDatabases? template) => new(
        await CreateOneAsync("users", template?.Users), await CreateOneAsync("platform", template?.Platform));

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
