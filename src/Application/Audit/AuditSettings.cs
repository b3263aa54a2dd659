using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Application.Audit;

/// <summary>How long the audit log is kept.</summary>
/// <param name="Retention">AUDIT_RETENTION_DAYS, 365 unless set; 0 keeps everything.</param>
public sealed record AuditSettings(TimeSpan? Retention)
{
    public static AuditSettings From(SettingsReader settings) =>
        settings.Whole("AUDIT_RETENTION_DAYS", 365, "how long the audit log is kept; 0 keeps everything", minimum: 0) is > 0 and var days
            ? new AuditSettings(TimeSpan.FromDays(days))
            : new AuditSettings((TimeSpan?)null);
}
