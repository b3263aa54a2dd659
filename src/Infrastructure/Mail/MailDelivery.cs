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
/// Sends the queued mails, one at a time. What could not be sent is tried again, after 5 seconds at first and twice as long
/// each further time up to 10 minutes, until it is of no use any more. Several instances share the queue; one whose JWT_SECRET
/// does not open a mail leaves it to the others, and says so.
/// </summary>
public sealed class MailDelivery(
    IServiceScopeFactory scopes, IMailTransport transport, MailSeal seal, TimeProvider time, ILogger<MailDelivery> logger) : BackgroundService
{
    // A mail is sent as soon as it is posted; this is for those of other instances and for second attempts.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _posted = new(0, 1);
    private int _unreadable;

    /// <summary>Says that there is something to send.</summary>
    public void Wake()
    {
        try
        {
            _posted.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake.
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
                logger.LogWarning("The mails wait for the database: {Reason}", e.GetBaseException().Message);
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
        // The lock is held while it is sent: another instance takes another one. Mails without a key are of a version that did not name it.
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
        // A mail that went out must not go again because the app is asked to stop.
        await database.SaveChangesAsync(CancellationToken.None);
        await transaction.CommitAsync(CancellationToken.None);
        return true;
    }

    // Once each time that their number changes.
    private async Task TellOfUnreadableAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var unreadable = await scope.ServiceProvider.GetRequiredService<UserDatabase>().QueuedMails.CountAsync(mail => mail.SealedWith != "" && !seal.KeyNames.Contains(mail.SealedWith), cancellation);
        if (unreadable != _unreadable && unreadable > 0)
        {
            logger.LogError(
                "Mails that wait for an instance that can read them: {Count}. They were written under another JWT_SECRET. Set JWT_SECRET_PREVIOUS to that one", unreadable);
        }
        _unreadable = unreadable;
    }

    // Whether there is nothing left to do with it: sent, of no use any more, or not to be sent at all.
    private async Task<bool> IsDoneAsync(QueuedMail mail, DateTimeOffset now, CancellationToken cancellation)
    {
        if (!mail.Deliver)
            return true;
        if (mail.ExpiresAt <= now)
        {
            logger.LogWarning("Gave the mail {Mail} up after {Attempts} attempts", mail.Id, mail.Attempts);
            return true;
        }
        if (seal.Open(mail.Content) is not { } content)
        {
            logger.LogError("Cannot read the mail {Mail}, attempt {Attempt}: it was sealed under another JWT_SECRET or changed in the database", mail.Id, mail.Attempts + 1);
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
            // The server says that there is no such recipient (or, with a transient code, that it will not take it now).
            logger.LogWarning("The mail server refused a recipient of the mail {Mail}: {Status}", mail.Id, e.StatusCode);
            return e.StatusCode is SmtpStatusCode.MailboxUnavailable or SmtpStatusCode.MailboxNameNotAllowed or SmtpStatusCode.UserNotLocalTryAlternatePath;
        }
        // Any other failure, of the server or of this one mail, must not stop the queue.
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            logger.LogWarning("Could not send the mail {Mail}, attempt {Attempt}: {Reason}", mail.Id, mail.Attempts + 1, e.GetBaseException().Message);
            return false;
        }
    }
}
