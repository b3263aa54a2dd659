using System.Data.Common;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Audit;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Audit;

/// <summary>
/// Writes the general entries of requests (not those of <see cref="AuditLog.AppendAsync"/>) in batches, in the background.
/// Waits for an unavailable database. Writes the remaining entries before the app stops.
/// </summary>
public sealed class AuditBatch([FromKeyedServices(Databases.Users)] NpgsqlDataSource users, TimeProvider time, ILogger<AuditBatch> logger) : BackgroundService
{
    private const int Largest = 500;

    private const string Insert =
        """
        INSERT INTO audit_entries (id, time, actor_kind, actor_id, actor_name, action, subject_type, subject_id, subject_name, result, code, address, user_agent, trace_id, details)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        """;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LastWriteLimit = TimeSpan.FromSeconds(5);

    private readonly Channel<AuditEntry> _entries = Channel.CreateBounded<AuditEntry>(10_000);

    /// <summary>Queues an entry. Waits while the queue is full.</summary>
    public ValueTask AddAsync(AuditEntry entry, CancellationToken cancellation) => _entries.Writer.WriteAsync(entry, cancellation);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _entries.Writer.TryComplete();
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<AuditEntry>(Largest);
        try
        {
            while (await _entries.Reader.WaitToReadAsync(stoppingToken))
                await WriteAsync(batch, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The app is stopping; write the rest below.
        }
        using var limit = new CancellationTokenSource(LastWriteLimit, time);
        try
        {
            while (batch.Count > 0 || _entries.Reader.TryPeek(out _))
                await WriteAsync(batch, limit.Token);
        }
        catch (OperationCanceledException)
        {
            logger.LogError("Could not write the last {Count} entries of the audit log", batch.Count + _entries.Reader.Count);
        }
    }

    // Entries that could not be written stay in the batch.
    private async Task WriteAsync(List<AuditEntry> batch, CancellationToken cancellation)
    {
        while (batch.Count < Largest && _entries.Reader.TryRead(out var entry))
            batch.Add(entry);
        while (batch.Count > 0)
        {
            try
            {
                await InsertAsync(batch, cancellation);
                batch.Clear();
            }
            catch (Exception e) when (e.GetBaseException() is DbException or SocketException or TimeoutException)
            {
                logger.LogWarning("Cannot write the audit log because the database does not answer: {Reason}", e.GetBaseException().Message);
                await Task.Delay(RetryDelay, time, cancellation);
            }
        }
    }

    // One statement, whatever the number: every change that a person makes has an entry.
    private async Task InsertAsync(List<AuditEntry> batch, CancellationToken cancellation)
    {
        await using var command = users.CreateCommand(Insert);
        Add(entry => entry.Id);
        Add(entry => entry.Time);
        Add(entry => entry.ActorKind.AsText());
        Add(entry => entry.ActorId);
        Add(entry => entry.ActorName);
        Add(entry => entry.Action);
        Add(entry => entry.SubjectType);
        Add(entry => entry.SubjectId);
        Add(entry => entry.SubjectName);
        Add(entry => entry.Result.AsText());
        Add(entry => entry.Code);
        Add(entry => entry.Address);
        Add(entry => entry.UserAgent);
        Add(entry => entry.TraceId);
        Add(entry => entry.Details?.GetRawText()).NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb;
        await command.ExecuteNonQueryAsync(cancellation);

        NpgsqlParameter Add<T>(Func<AuditEntry, T> column) => command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = [.. batch.Select(column)] });
    }
}
