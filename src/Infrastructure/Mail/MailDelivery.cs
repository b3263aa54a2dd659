using System.Data.Common;
using System.Net.Sockets;
using System.Text.Json;
using MailKit.Net.Smtp;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Resilience;

namespace VisionPlatform.Infrastructure.Mail;

/// <summary>
/// Sends the queued mails, one at a time. Retries a mail that could not be sent, first after 5 seconds and then after twice as long
/// each time, up to 10 minutes, until the mail expires. Several instances share the queue. An instance whose JWT_SECRET
/// does not open a mail leaves it to the others and logs that.
/// </summary>
public sealed class MailDelivery(
    IServiceScopeFactory scopes, IMailTransport transport, MailSeal seal, TimeProvider time, ILogger<MailDelivery> logger) : BackgroundService
{
    // Wake sends new mails of this instance at once. The interval is for mails of other instances and for retries.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _posted = new(0, 1);
    private int _unreadable;

    /// <summary>Starts sending without waiting for the interval.</summary>
    public void Wake()
    {
        try
        {
            _posted.Release();
        }
        catch (SemaphoreFullException)
        {
            // Already woken.
        }
    }

    public override void Dispose()
    {
        _posted.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await SendNextAsync(stoppingToken))
                {
                }
                await TellOfUnreadableAsync(stoppingToken);
                await _posted.WaitAsync(Interval, stoppingToken);
            }
            catch (Exception e) when (e.GetBaseException() is DbException or SocketException or TimeoutException)
            {
                logger.LogWarning("Mails cannot be sent because the database does not answer: {Reason}", e.GetBaseException().Message);
                await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task<bool> SendNextAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<UserDatabase>();
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var now = time.GetUtcNow();
        // Hold the row lock while sending, so that other instances skip this mail. Mails without a key name are from an earlier version.
        var mail = (await database.QueuedMails.FromSql(
            $"""
            SELECT * FROM queued_mails
            WHERE next_attempt_at <= {now} AND (sealed_with = ANY({seal.KeyNames}) OR sealed_with = '' OR expires_at <= {now})
            ORDER BY next_attempt_at LIMIT 1
            FOR UPDATE SKIP LOCKED
            """).ToListAsync(cancellation)).SingleOrDefault();
        if (mail is null)
            return false;
        if (await IsDoneAsync(mail, now, cancellation))
        {
            database.QueuedMails.Remove(mail);
        }
        else
        {
            mail.Attempts++;
            var wait = Integrations.Mail.FirstWait * Math.Pow(2, Math.Min(mail.Attempts - 1, 10));
            mail.NextAttemptAt = time.GetUtcNow() + (wait < Integrations.Mail.LongestWait ? wait : Integrations.Mail.LongestWait);
        }
        // Do not cancel here, or a mail that was sent would be sent again.
        await database.SaveChangesAsync(CancellationToken.None);
        await transaction.CommitAsync(CancellationToken.None);
        return true;
    }

    // Logs only when the number has changed.
    private async Task TellOfUnreadableAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var unreadable = await scope.ServiceProvider.GetRequiredService<UserDatabase>().QueuedMails.CountAsync(mail => mail.SealedWith != "" && !seal.KeyNames.Contains(mail.SealedWith), cancellation);
        if (unreadable != _unreadable && unreadable > 0)
        {
            logger.LogError(
                "Mails wait for an instance that can read them: {Count}. They were sealed with another JWT_SECRET. Set JWT_SECRET_PREVIOUS to that secret", unreadable);
        }
        _unreadable = unreadable;
    }

    // Whether the mail can leave the queue: it was sent, has expired, or must not be sent.
    private async Task<bool> IsDoneAsync(QueuedMail mail, DateTimeOffset now, CancellationToken cancellation)
    {
        if (!mail.Deliver)
            return true;
        if (mail.ExpiresAt <= now)
        {
            logger.LogWarning("Gave up mail {Mail} after {Attempts} attempts", mail.Id, mail.Attempts);
            return true;
        }
        if (seal.Open(mail.Content) is not { } content)
        {
            logger.LogError("Cannot read mail {Mail}, attempt {Attempt}: it was sealed with another JWT_SECRET or changed in the database", mail.Id, mail.Attempts + 1);
            return false;
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Integrations.Mail.Timeout);
        try
        {
            await transport.SendAsync(mail.Id, JsonSerializer.Deserialize<OutgoingMail>(content)!, limit.Token);
            return true;
        }
        catch (SmtpCommandException e) when (e.ErrorCode == SmtpErrorCode.RecipientNotAccepted)
        {
            // A permanent code means that there is no such recipient; a transient one means that the server may accept it later.
            logger.LogWarning("The mail server refused the recipient of mail {Mail}: {Status}", mail.Id, e.StatusCode);
            return e.StatusCode is SmtpStatusCode.MailboxUnavailable or SmtpStatusCode.MailboxNameNotAllowed or SmtpStatusCode.UserNotLocalTryAlternatePath;
        }
        // No other failure may stop the queue.
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            logger.LogWarning("Could not send mail {Mail}, attempt {Attempt}: {Reason}", mail.Id, mail.Attempts + 1, e.GetBaseException().Message);
            return false;
        }
    }
}
