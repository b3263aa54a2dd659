using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Mail;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Accounts;

/// <summary>
/// Keeps people from flooding mailboxes through the platform. Counts the mails that somebody's request causes, by mailbox and by sender, whatever
/// the request is: an invitation that is cancelled and sent anew counts like one that is resent. Notices about a change that was made are not counted.
/// </summary>
public sealed class MailLimits(UserDatabase database, MailSettings settings, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>Counts a mail. Call it in the transaction that posts the mail: simultaneous requests for one mailbox wait for each other.</summary>
    /// <param name="recipient">The normalized address.</param>
    /// <param name="about">What it is about. Two mails to one mailbox about the same thing need a pause between them.</param>
    /// <param name="sender">The account that causes it; null for a stranger.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>Null if it may be sent; otherwise how long to wait, and which limit says so.</returns>
    public async Task<MailRefusal?> CountAsync(string recipient, string about, Guid? sender, CancellationToken cancellation)
    {
        if (settings.Pause > TimeSpan.Zero
            && await CountAsync(AboutKey(recipient, about), settings.Pause, int.MaxValue, cancellation) is { } pause)
            return new MailRefusal(pause, "This address was mailed about the same thing a moment ago.");
        if (settings.PerRecipient > 0 && await CountAsync(RecipientKey(recipient), TimeSpan.Zero, settings.PerRecipient, cancellation) is { } full)
            return new MailRefusal(full, $"This address has been sent {settings.PerRecipient} mails within an hour.");
        if (settings.PerSender > 0 && sender is { } who && await CountAsync(KeyOf($"sender {who}"), TimeSpan.Zero, settings.PerSender, cancellation) is { } enough)
            return new MailRefusal(enough, $"This account has sent {settings.PerSender} mails within an hour.");
        return null;
    }

    /// <summary>Counts a mail, and refuses the request if it may not be sent.</summary>
    /// <inheritdoc cref="CountAsync(string, string, Guid?, CancellationToken)"/>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.TooManyAttempts"/> with the time to wait.</exception>
    public async Task RequireAsync(string recipient, string about, Guid? sender, CancellationToken cancellation)
    {
        if (await CountAsync(recipient, about, sender, cancellation) is { } refusal)
            throw new ProblemException(ErrorCodes.TooManyAttempts, refusal.Why) { RetryAfter = refusal.Wait };
    }

    /// <summary>Deletes counts that no longer matter. Returns how many.</summary>
    public Task<int> PurgeAsync(CancellationToken cancellation)
    {
        var before = time.GetUtcNow() - Window - settings.Pause;
        return database.MailCounts.Where(count => count.LastAt < before).ExecuteDeleteAsync(cancellation);
    }

    /// <summary>Keys of the counts of a mailbox.</summary>
    public static byte[] RecipientKey(string recipient) => KeyOf($"recipient {recipient}");

    /// <inheritdoc cref="RecipientKey"/>
    public static byte[] AboutKey(string recipient, string about) => KeyOf($"recipient {recipient} {about}");

    // One statement, so that of two requests at the same time the second sees the first. It changes nothing when the limit is reached.
    private async Task<TimeSpan?> CountAsync(byte[] key, TimeSpan pause, int most, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var counted = await database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO mail_counts AS c (key_hash, count, since, last_at) VALUES ({key}, 1, {now}, {now})
            ON CONFLICT (key_hash) DO UPDATE SET
                count = CASE WHEN c.since <= {now - Window} THEN 1 ELSE c.count + 1 END,
                since = CASE WHEN c.since <= {now - Window} THEN {now} ELSE c.since END,
                last_at = {now}
            WHERE c.last_at <= {now - pause} AND (c.since <= {now - Window} OR c.count < {most})
            """, cancellation);
        if (counted > 0)
            return null;
        var full = await database.MailCounts.AsNoTracking().SingleAsync(count => count.KeyHash == key, cancellation);
        var wait = (pause > TimeSpan.Zero ? full.LastAt + pause : full.Since + Window) - now;
        return wait > TimeSpan.FromSeconds(1) ? wait : TimeSpan.FromSeconds(1);
    }

    private static byte[] KeyOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}

/// <summary>Why a mail may not be sent now.</summary>
public sealed record MailRefusal(TimeSpan Wait, string Why);
