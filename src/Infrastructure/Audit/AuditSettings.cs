using Microsoft.Extensions.Configuration;

namespace VisionPlatform.Infrastructure.Audit;

/// <summary>How long the audit log is kept.</summary>
/// <param name="Retention">AUDIT_RETENTION_DAYS, 365 unless set; 0 keeps everything.</param>
public sealed record AuditSettings(TimeSpan? Retention)
{
    /// <exception cref="InvalidOperationException">AUDIT_RETENTION_DAYS is negative.</exception>
    public static AuditSettings From(IConfiguration configuration) => configuration.GetValue("AUDIT_RETENTION_DAYS", 365) switch
    {
        0 => new AuditSettings((TimeSpan?)null),
        > 0 and var days => new AuditSettings(TimeSpan.FromDays(days)),
        _ => throw new InvalidOperationException("AUDIT_RETENTION_DAYS must be a whole number of days, or 0 to keep everything."),
    };
}
