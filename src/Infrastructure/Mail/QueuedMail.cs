namespace VisionPlatform.Infrastructure.Mail;

/// <summary>A mail of the platform: plain text to one person.</summary>
public sealed record OutgoingMail(string To, string Subject, string Text);

/// <summary>
/// A mail to send. The content is encrypted, because it may have a link that gives access to an account. The row is deleted when
/// the mail has been sent.
/// </summary>
public sealed class QueuedMail
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>An <see cref="OutgoingMail"/> as JSON, encrypted by <see cref="MailSeal"/>.</summary>
    public required byte[] Content { get; init; }

    /// <summary>Name of its key (<see cref="MailSeal.KeyNames"/>). An instance with another secret ignores the mail.</summary>
    public required string SealedWith { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When delivery stops trying.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
    public required DateTimeOffset NextAttemptAt { get; set; }
    public int Attempts { get; set; }

    /// <summary>
    /// False for a mail that is not sent. A request for an address without an account does the same work as one for an
    /// account, so that its duration reveals nothing.
    /// </summary>
    public required bool Deliver { get; init; }
}
