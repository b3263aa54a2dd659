using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;
using VisionPlatform.Cli.Operations;
using VisionPlatform.Infrastructure.DatabaseCopy;

namespace VisionPlatform.Cli.Databases;

/// <summary>Brings a database to the newest migration. Other migrations of the same database wait until it is done.</summary>
internal sealed class DatabaseMigration(MigrationTarget target, TimeProvider time)
{
    /// <summary>Key of the advisory lock held while migrating; "VPMIGRAT" in ASCII.</summary>
    private const long LockKey = 0x56504D4947524154;

    private static readonly TimeSpan _retryPause = TimeSpan.FromMilliseconds(250);

    /// <summary>Writes a line for each migration that it applied, or one line that says that none was missing.</summary>
    /// <exception cref="CommandException">The server does not answer within <paramref name="timeout"/>, refuses, or a migration fails.</exception>
    public async Task MigrateAsync(TimeSpan timeout, TextWriter output, CancellationToken cancellation)
    {
        await using var connection = await ConnectAsync(timeout, create: true, output, cancellation);
        try
        {
            await ExecuteAsync(connection!, $"SELECT pg_advisory_lock({LockKey})", cancellation);
            await using var context = target.OpenContext(connection!);
            var migrator = context.GetService<IMigrator>();
            var missing = (await context.Database.GetPendingMigrationsAsync(cancellation)).ToList();
            foreach (var migration in missing)
            {
                var started = time.GetTimestamp();
                await migrator.MigrateAsync(migration, cancellation);
                await output.WriteLineAsync($"{target.Name} ({target.Database}): applied {migration} in {time.GetElapsedTime(started).TotalSeconds:0.0} s");
            }
            if (missing.Count == 0)
                await output.WriteLineAsync($"{target.Name} ({target.Database}): up to date, last is {context.Database.GetMigrations().LastOrDefault() ?? "none"}");
        }
        catch (Exception failure) when (failure is NpgsqlException or InvalidOperationException)
        {
            throw new CommandException($"migrating {target.Name} ({target.Database} on {target.Server}) failed: {Cause(failure)}", inner: failure);
        }
    }

    /// <summary>Lists the migrations of the database. Returns true if none is missing.</summary>
    public async Task<bool> ShowStatusAsync(TimeSpan timeout, TextWriter output, CancellationToken cancellation)
    {
        await using var connection = await ConnectAsync(timeout, create: false, output, cancellation);
        if (connection is null)
        {
            await output.WriteLineAsync($"{target.Name}: database {target.Database} does not exist on {target.Server}");
            return false;
        }
        await using var context = target.OpenContext(connection);
        var applied = (await context.Database.GetAppliedMigrationsAsync(cancellation)).ToHashSet();
        var known = context.Database.GetMigrations().ToList();
        var missing = known.Count(m => !applied.Contains(m));
        await output.WriteLineAsync($"{target.Name} ({target.Database} on {target.Server}): {known.Count - missing} applied, {missing} missing");
        await ShowTablesAsync(connection, output, cancellation);
        foreach (var migration in known)
            await output.WriteLineAsync($"  {(applied.Contains(migration) ? "applied" : "missing")}  {migration}");
        return missing == 0;
    }

    private static async Task ShowTablesAsync(NpgsqlConnection connection, TextWriter output, CancellationToken cancellation)
    {
        const int most = 5;
        var tables = await TableSize.ReadAsync(connection, cancellation);
        await output.WriteLineAsync($"  {tables.Count} tables, {tables.Sum(table => table.Indexes)} indexes, about {tables.Sum(table => table.Rows)} rows, {OperationDisplay.Size(tables.Sum(table => table.Bytes))}");
        foreach (var table in tables.Where(table => table.Rows > 0).Take(most))
            await output.WriteLineAsync($"    {table.Name}: about {table.Rows} rows, {OperationDisplay.Size(table.Bytes)}");
    }

    /// <summary>An open connection; null if the database does not exist and shall not be created.</summary>
    private async Task<NpgsqlConnection?> ConnectAsync(TimeSpan timeout, bool create, TextWriter output, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        for (var announced = false; ;)
        {
            var connection = new NpgsqlConnection(target.ConnectionString);
            try
            {
                await connection.OpenAsync(cancellation);
                return connection;
            }
            catch (PostgresException absent) when (absent.SqlState == PostgresErrorCodes.InvalidCatalogName)
            {
                await connection.DisposeAsync();
                if (!create)
                    return null;
                await CreateDatabaseAsync(output, cancellation);
            }
            catch (NpgsqlException failure)
            {
                await connection.DisposeAsync();
                if (failure is PostgresException { SqlState: not PostgresErrorCodes.CannotConnectNow and not PostgresErrorCodes.TooManyConnections })
                    throw new CommandException($"{target.Server} refuses the connection to {target.Database}: {Cause(failure)}", inner: failure);
                if (time.GetElapsedTime(started) >= timeout)
                    throw CommandException.Unavailable($"no PostgreSQL server answers at {target.Server} ({Cause(failure)}); tried for {timeout.TotalSeconds:0} s.", failure);
                if (!announced)
                    await output.WriteLineAsync($"{target.Name} ({target.Database}): waiting for {target.Server}");
                announced = true;
                await Task.Delay(_retryPause, time, cancellation);
            }
        }
    }

    private async Task CreateDatabaseAsync(TextWriter output, CancellationToken cancellation)
    {
        var maintenance = new NpgsqlConnectionStringBuilder(target.ConnectionString) { Database = "postgres" };
        try
        {
            await using var connection = new NpgsqlConnection(maintenance.ConnectionString);
            await connection.OpenAsync(cancellation);
            await ExecuteAsync(connection, $"CREATE DATABASE \"{target.Database.Replace("\"", "\"\"")}\"", cancellation);
            await output.WriteLineAsync($"{target.Name} ({target.Database}): created the database");
        }
        catch (PostgresException raced) when (raced.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
        {
            await output.WriteLineAsync($"{target.Name} ({target.Database}): another migration created the database");
        }
        catch (PostgresException failure)
        {
            throw new CommandException($"database {target.Database} does not exist on {target.Server} and cannot be created: {Cause(failure)}. Create it, or give the user the right to.", inner: failure);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static string Cause(Exception failure) => failure switch
    {
        PostgresException postgres => $"{postgres.MessageText} (SQLSTATE {postgres.SqlState})",
        { InnerException: { } inner } => Cause(inner),
        _ => failure.Message,
    };
}
