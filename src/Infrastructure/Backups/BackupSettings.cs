using VisionPlatform.Domain.Backups;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Infrastructure.Backups;

/// <summary>Where backups go, when they are taken and how long they are kept.</summary>
/// <param name="Bucket">The bucket; null: there are no backups.</param>
/// <param name="Key">Encrypts backups, 32 bytes; never logged. Null: they are not encrypted.</param>
/// <param name="Schedule">NCRONTAB expression with seconds, UTC.</param>
/// <param name="DrillSchedule">When the newest backup of each database is restored for a trial.</param>
/// <param name="Retention">Which backups are kept.</param>
/// <param name="StaleAfter">A newest backup older than this is an alert.</param>
/// <param name="AlertWebhook">Is told of failed and stale backups; null: nobody.</param>
public sealed record BackupSettings(
    BucketSettings? Bucket, byte[]? Key, string Schedule, string DrillSchedule, BackupRetention Retention, TimeSpan StaleAfter, Uri? AlertWebhook)
{
    /// <summary>Name of the bucket into which the datasets are copied (<see cref="Operations.OperationsSettings"/>); null: they are not.</summary>
    public string? ColdBucket { get; init; }

    /// <summary>When they are: an NCRONTAB expression with seconds, UTC.</summary>
    public string DatasetsSchedule { get; init; } = "";

    /// <summary>A newest copy older than this is an alert.</summary>
    public TimeSpan DatasetsStaleAfter { get; init; }

    private const int KeyBytes = 32;

    /// <summary>Reads <c>BACKUP_*</c>. Endpoint and keys default to those of the external storage.</summary>
    public static BackupSettings From(SettingsReader settings)
    {
        var external = StorageSettings.From(settings).External;
        var name = settings.Text("BACKUP_BUCKET", "bucket of the backups; without it none are taken");
        var own = settings.Inherited("BACKUP_STORAGE_ENDPOINT", "EXTERNAL_STORAGE_ENDPOINT", null, "the store of the backups; best another one than that of the data", type: "URL");
        var endpoint = own is null ? external.Endpoint : settings.AbsoluteUrl("BACKUP_STORAGE_ENDPOINT", own) ?? external.Endpoint;
        var access = settings.Inherited("BACKUP_STORAGE_ACCESS_KEY", "EXTERNAL_STORAGE_ACCESS_KEY", external.AccessKey, "its access key id")!;
        var secret = settings.Inherited("BACKUP_STORAGE_SECRET_KEY", "EXTERNAL_STORAGE_SECRET_KEY", external.SecretKey, "its secret access key", secret: true)!;
        var region = settings.Inherited("BACKUP_STORAGE_REGION", "EXTERNAL_STORAGE_REGION", external.Region, "region of its signature")!;
        return new BackupSettings(
            name is null ? null : new BucketSettings(endpoint, access, secret, region, name),
            KeyFrom(settings),
            Cron(settings, "BACKUP_SCHEDULE", "0 0 2 * * *", "when databases are backed up: an NCRONTAB expression with seconds, UTC"),
            Cron(settings, "BACKUP_DRILL_SCHEDULE", "0 0 4 * * 0", "when the newest backup of each database is restored for a trial"),
            new BackupRetention(
                settings.Whole("BACKUP_KEEP_DAILY", BackupRetention.Default.Daily, "days of which the last backup is kept", minimum: 0),
                settings.Whole("BACKUP_KEEP_WEEKLY", BackupRetention.Default.Weekly, "weeks of which the last backup is kept", minimum: 0),
                settings.Whole("BACKUP_KEEP_MONTHLY", BackupRetention.Default.Monthly, "months of which the last backup is kept", minimum: 0)),
            TimeSpan.FromHours(settings.Number("BACKUP_STALE_HOURS", 26, "age in hours of the newest backup at which an alert is raised")),
            settings.Url("ALERT_WEBHOOK_URL", "is told of failed and stale backups by a POST with JSON"))
        {
            ColdBucket = settings.Text("BACKUP_COLD_BUCKET", "name of the bucket, one of `OPERATIONS_BUCKET_<NAME>_…`, into which the datasets are copied; without it they are not")?.ToLowerInvariant(),
            DatasetsSchedule = Cron(settings, "BACKUP_DATASETS_SCHEDULE", "0 0 3 * * 0", "when the datasets are copied there"),
            DatasetsStaleAfter = TimeSpan.FromHours(settings.Number("BACKUP_DATASETS_STALE_HOURS", 192, "age in hours of the newest copy at which an alert is raised")),
        };
    }

    /// <summary>The settings without the key.</summary>
    public override string ToString() => Bucket is null ? "no backups" : $"{Bucket}, {(Key is null ? "not encrypted" : "encrypted")}, at {Schedule}";

    private static byte[]? KeyFrom(SettingsReader settings)
    {
        const string name = "BACKUP_ENCRYPTION_KEY";
        if (settings.Text(name, "encrypts backups: 32 bytes in Base64, from `openssl rand -base64 32`. Without it a backup cannot be read: keep a copy elsewhere", secret: true, type: "Base64") is not { } text)
            return null;
        var key = new byte[KeyBytes];
        if (Convert.TryFromBase64String(text, key, out var written) && written == KeyBytes)
            return key;
        settings.Problem($"{name} is not {KeyBytes} bytes in Base64.");
        return null;
    }

    private static string Cron(SettingsReader settings, string name, string fallback, string purpose)
    {
        var text = settings.Text(name, purpose, fallback)!;
        if (NCrontab.CrontabSchedule.TryParse(text, new NCrontab.CrontabSchedule.ParseOptions { IncludingSeconds = true }) is null)
            settings.Problem($"{name} is not an NCRONTAB expression of six fields, such as {fallback}.");
        return text;
    }
}
