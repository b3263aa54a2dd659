namespace VisionPlatform.Infrastructure.Mail;

/// <summary>A mail of the platform: plain text to one person.</summary>
public sealed record OutgoingMail(string To, string Subject, string Text);

/// <summary>
/// A mail on its way. The content is encrypted, as it may hold a link that opens an account; the row goes as soon as the
/// mail is out.
/// </summary>
public sealed class QueuedMail
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>An <see cref="OutgoingMail"/> as JSON under a <see cref="MailSeal"/>.</summary>
    public required byte[] Content { get; init; }

    /// <summary>Name of the key it was sealed with (<see cref="MailSeal.KeyNames"/>): an instance with another secret leaves it alone.</summary>
    public required string SealedWith { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it is of no use any more and is given up.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
    public required DateTimeOffset NextAttemptAt { get; set; }
    public int Attempts { get; set; }

    /// <summary>
    /// False for a mail that goes to nobody: a request about an address without an account then costs the same work as
    /// one about an account.
    /// </summary>
    public required bool Deliver { get; init; }
}
