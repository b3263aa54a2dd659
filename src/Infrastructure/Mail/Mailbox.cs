using System.Text.Json;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Infrastructure.Mail;

/// <summary>
/// Queues mails to send. A mail posted inside a transaction of <see cref="UserDatabase"/> is sent only if that commits.
/// It survives a restart and an unavailable mail server.
/// </summary>
public sealed class Mailbox(UserDatabase database, MailSeal seal, MailDelivery delivery, TimeProvider time)
{
    /// <summary>Queues a mail and saves the other changes of the context.</summary>
    /// <param name="mail">The mail.</param>
    /// <param name="usefulFor">How long to try to send it.</param>
    /// <param name="cancellation">The request's token.</param>
    /// <param name="deliver">False does the same work and sends nothing.</param>
    public async Task PostAsync(OutgoingMail mail, TimeSpan usefulFor, CancellationToken cancellation, bool deliver = true)
    {
        var now = time.GetUtcNow();
        database.QueuedMails.Add(new QueuedMail
        {
            Content = seal.Seal(JsonSerializer.Serialize(mail)),
            SealedWith = seal.KeyNames[0],
            CreatedAt = now,
            ExpiresAt = now + usefulFor,
            NextAttemptAt = now,
            Deliver = deliver,
        });
        await database.SaveChangesAsync(cancellation);
        delivery.Wake();
    }
}
