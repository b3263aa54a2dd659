namespace VisionPlatform.Infrastructure.Mail;

/// <summary>Mails to one mailbox, or caused by one sender, within the last hour.</summary>
public sealed class MailCount
{
    /// <summary>SHA-256 of the recipient or sender whose mails are counted.</summary>
    public required byte[] KeyHash { get; init; }
    public required int Count { get; set; }

    /// <summary>The first of them.</summary>
    public required DateTimeOffset Since { get; set; }

    /// <summary>The last of them.</summary>
    public required DateTimeOffset LastAt { get; set; }
}
