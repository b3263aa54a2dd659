using System.ComponentModel.DataAnnotations;
using VisionPlatform.Application.Backups;

namespace VisionPlatform.Api.Backups;

/// <summary>Which database to back up.</summary>
/// <param name="Database">Name of the database: `users`, `platform` or `labeler`.</param>
public sealed record BackupRequest([property: Required, StringLength(100, MinimumLength = 1)] string Database);

/// <summary>A complete backup.</summary>
/// <param name="Id">Id of the backup. Ids of one database sort by time.</param>
/// <param name="TakenAt">The point in time that it shows.</param>
/// <param name="Tables">Tables in it.</param>
/// <param name="Rows">Rows in it.</param>
/// <param name="StoredBytes">Bytes in the bucket.</param>
/// <param name="Encrypted">Whether it is encrypted.</param>
/// <param name="SchemaVersion">The last migration of the schema; null when the database has none.</param>
public sealed record BackupAnswer(string Id, DateTimeOffset TakenAt, int Tables, long Rows, long StoredBytes, bool Encrypted, string? SchemaVersion)
{
    public static BackupAnswer Of(BackupSummary backup) =>
        new(backup.Id, backup.Taken, backup.Tables, backup.Rows, backup.StoredBytes, backup.IsEncrypted, backup.SchemaVersion);
}

/// <summary>The backups of one database.</summary>
/// <param name="Database">Name of the database.</param>
/// <param name="Problem">Why its backups need attention; null when they do not.</param>
/// <param name="DrilledAt">When a restore was last tried with success; null if never.</param>
/// <param name="Backups">The newest complete backups, at most 20, newest first.</param>
public sealed record DatabaseBackupsAnswer(string Database, string? Problem, DateTimeOffset? DrilledAt, IReadOnlyList<BackupAnswer> Backups);

/// <summary>The backups of all databases.</summary>
/// <param name="Configured">Whether the app takes backups: whether BACKUP_BUCKET is set.</param>
/// <param name="Databases">One entry for each database; empty when no backups are taken.</param>
public sealed record BackupsAnswer(bool Configured, IReadOnlyList<DatabaseBackupsAnswer> Databases);
