using System.Net.Http.Json;
using Microsoft.Extensions.Logging;
using VisionPlatform.Infrastructure.Backups;

namespace VisionPlatform.Application.Backups;

/// <summary>Tells operators what is wrong with backups: a log event, and a POST to ALERT_WEBHOOK_URL where it is set.</summary>
public sealed partial class BackupAlerts(BackupSettings settings, ILogger<BackupAlerts> logger)
{
    /// <summary>Stands for the datasets in the place of a database's name.</summary>
    public const string Datasets = "datasets";

    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>A backup or a drill failed.</summary>
    public Task FailedAsync(string database, string what, string reason, CancellationToken cancellation)
    {
        Failed(what, database, reason);
        return PostAsync($"{what}_failed", database, $"The {what} of {Named(database)} failed: {reason}", cancellation);
    }

    /// <summary>The newest backup is too old, or there is none.</summary>
    public Task StaleAsync(string database, string detail, CancellationToken cancellation)
    {
        Stale(database, detail);
        return PostAsync("backup_stale", database, $"{(database == Datasets ? "" : $"Database {database}: ")}{detail}", cancellation);
    }

    private static string Named(string database) => database == Datasets ? "the datasets" : $"database {database}";

    private async Task PostAsync(string kind, string database, string text, CancellationToken cancellation)
    {
        if (settings.AlertWebhook is not { } webhook)
            return;
        try
        {
            // "text" is what chat services show.
            using var answer = await Http.PostAsJsonAsync(webhook, new { kind, database, text }, cancellation);
            answer.EnsureSuccessStatusCode();
        }
        catch (Exception unreached) when (unreached is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            Unreached(webhook.Host, unreached.Message);
        }
    }

    [LoggerMessage(4101, LogLevel.Error, "The {What} of {Database} failed: {Reason}")]
    private partial void Failed(string what, string database, string reason);

    [LoggerMessage(4102, LogLevel.Error, "The backups of {Database} are stale: {Detail}")]
    private partial void Stale(string database, string detail);

    [LoggerMessage(4103, LogLevel.Warning, "The alert could not be sent to {Host}: {Reason}")]
    private partial void Unreached(string host, string reason);
}
