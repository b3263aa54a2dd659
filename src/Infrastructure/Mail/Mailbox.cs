using System.Text.Json;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Infrastructure.Mail;

/// <summary>
/// Takes mails that are to be sent. A mail posted inside a transaction of <see cref="UserDatabase"/> leaves exactly when that commits;
/// it survives a restart, and a mail server that is away.
/// </summary>
public sealed class Mailbox(UserDatabase database, MailSeal seal, MailDelivery delivery, TimeProvider time)
{
    /// <summary>Posts a mail, with whatever else the context has to save.</summary>
    /// <param name="mail">The mail.</param>
    /// <param name="usefulFor">After which it is given up.</param>
    /// <param name="cancellation">The request's token.</param>
    /// <param name="deliver">False to do the same work and send nothing.</param>
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
