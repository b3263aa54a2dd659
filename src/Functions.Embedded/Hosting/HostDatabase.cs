using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Npgsql;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded;

/// <summary>The PostgreSQL database for timers and keys, from the setting <c>DURABLE_DATABASE_URL</c> or else <c>DATABASE_URL</c>.</summary>
internal sealed class HostDatabase(IConfiguration configuration) : IAsyncDisposable
{
    private readonly SemaphoreSlim _once = new(1);
    private readonly NpgsqlDataSource? _source = ConnectionString(configuration) is { } connection ? Open(connection) : null;
    private bool _created;

    /// <summary>Whether a database is set.</summary>
    public bool IsSet => _source is not null;

    private NpgsqlDataSource Source => _source ?? throw new InvalidOperationException("No database is set: set DURABLE_DATABASE_URL or DATABASE_URL.");

    private static NpgsqlDataSource Open(string connection)
    {
        // The name is that of the pool in metrics. Timers belong to no trace.
        var source = new NpgsqlDataSourceBuilder(connection) { Name = "host" };
        source.ConfigureTracing(tracing => tracing
            .ConfigureCommandFilter(_ => Activity.Current is not null).ConfigureBatchFilter(_ => Activity.Current is not null).EnablePhysicalOpenTracing(false));
        return source.Build();
    }

    /// <summary>The database's Npgsql connection string; null when no database is set.</summary>
    /// <exception cref="InvalidOperationException">The URL cannot be read; the message names the setting.</exception>
    internal static string? ConnectionString(IConfiguration configuration)
    {
        foreach (string setting in (string[])["DURABLE_DATABASE_URL", "DATABASE_URL"])
        {
            if (configuration[setting] is { Length: > 0 } value)
                return FromUrl(setting, value);
        }

        return null;
    }

    /// <summary>Opens a connection, and creates the host's tables before the first.</summary>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellation)
    {
        if (!_created)
            await CreateTablesAsync(cancellation);
        return await Source.OpenConnectionAsync(cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (_source is not null)
            await _source.DisposeAsync();
        _once.Dispose();
    }

    private async Task CreateTablesAsync(CancellationToken cancellation)
    {
        await _once.WaitAsync(cancellation);
        try
        {
            if (_created)
                return;
            await using NpgsqlConnection connection = await Source.OpenConnectionAsync(cancellation);
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);
            await DurableSchema.LockAsync(connection, cancellation);
            await using (var create = new NpgsqlCommand(HostTableSql.CreateTables, connection))
                await create.ExecuteNonQueryAsync(cancellation);
            await transaction.CommitAsync(cancellation);
            _created = true;
        }
        finally
        {
            _once.Release();
        }
    }

    private static string FromUrl(string setting, string value)
    {
        try
        {
            return Read(value).ConnectionString;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or UriFormatException)
        {
            // Names only the setting: its value holds a password.
            throw new InvalidOperationException($"{setting} is neither a postgresql:// URL nor an Npgsql connection string.");
        }
    }

    private static NpgsqlConnectionStringBuilder Read(string value)
    {
        var builder = new NpgsqlConnectionStringBuilder(DurableEngineOptions.ParseConnectionString(value));
        builder.ApplicationName ??= "functions-host";
        builder.MaxPoolSize = Math.Min(builder.MaxPoolSize, 20);
        // The connection that holds a timer's lock is idle while the function runs.
        builder.KeepAlive = 30;
        return builder;
    }
}
