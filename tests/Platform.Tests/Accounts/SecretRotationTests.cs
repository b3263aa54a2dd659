using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Tests;

namespace VisionPlatform.Platform.Tests.Accounts;

public sealed class SecretRotationTests(PlatformHost host) : PlatformTests(host)
{
    private const string NewSecret = "the next secret, which is long enough to sign with too";

    [Fact]
    public async Task During_a_rotation_sessions_of_both_secrets_work_and_the_new_secret_signs()
    {
        await using var before = await Host.StartAppAsync();
        var databases = before.Databases;
        using var client = await Host.NewUserAsync(app: before);
        await using var rotated = await Host.StartAppAsync(databases, new Dictionary<string, string?> { ["JWT_SECRET"] = NewSecret, ["JWT_SECRET_PREVIOUS"] = PlatformHost.JwtSecret });
        await using var after = await Host.StartAppAsync(databases, new Dictionary<string, string?> { ["JWT_SECRET"] = NewSecret });

        (await rotated.NewClient().WithToken(client.AccessToken).GetAsync("auth/me")).Expect(200);
        (await after.NewClient().WithToken(client.AccessToken).GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");

        using var renewed = rotated.NewClient();
        renewed.Use((await renewed.PostAsync("auth/refresh", new { refreshToken = client.RefreshToken })).Expect(200));
        (await after.NewClient().WithToken(renewed.AccessToken).GetAsync("auth/me")).Expect(200);
        (await client.WithToken(renewed.AccessToken).GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
    }

    [Fact]
    public async Task A_mail_waits_for_an_app_with_the_secret_that_sealed_it()
    {
        var databases = await Host.NewDatabasesAsync();
        var (early, late, unnamed) = (await Host.AddUserAsync(databases), await Host.AddUserAsync(databases), await Host.AddUserAsync(databases));
        await using (var withoutMailServer = await Host.StartAppAsync(databases, new Dictionary<string, string?>
        {
            ["SMTP_HOST"] = "127.0.0.1", ["SMTP_PORT"] = $"{LoopbackPort.Free()}", ["SMTP_TLS"] = "false",
        }))
        {
            await ForgetAsync(withoutMailServer, unnamed);
            await using var queue = databases.OpenUsers();
            await queue.QueuedMails.ExecuteUpdateAsync(set => set.SetProperty(mail => mail.SealedWith, "")); // The value that a version without this column leaves.
            await ForgetAsync(withoutMailServer, early);
        }
        await using var database = databases.OpenUsers();
        await DueNowAsync();

        await using var wrong = await Host.StartAppAsync(databases, new Dictionary<string, string?> { ["JWT_SECRET"] = NewSecret });
        await ForgetAsync(wrong, late);
        // Mails are sent in the order in which they became due.
        await Host.Mails.WaitAsync(late.Email, "reset-password");
        Assert.Empty(Host.Mails.FilesTo(early.Email));
        await Waiting.UntilAsync(async () => await database.QueuedMails.CountAsync() == 2, "only the mails of the other secret wait");
        await Waiting.UntilAsync(() => wrong.Log.Any(line => line.Contains("wait for an instance that can read them: 1", StringComparison.Ordinal)), "the app logs that mails wait");

        await wrong.KillAsync();
        await DueNowAsync();
        await using var right = await Host.StartAppAsync(databases, new Dictionary<string, string?> { ["JWT_SECRET"] = NewSecret, ["JWT_SECRET_PREVIOUS"] = PlatformHost.JwtSecret });
        await Host.Mails.WaitAsync(early.Email, "reset-password");
        await Waiting.UntilAsync(async () => !await database.QueuedMails.AnyAsync(), "the queue is empty");
        Assert.Single(Host.Mails.FilesTo(early.Email));
        Assert.Single(Host.Mails.FilesTo(unnamed.Email));

        async Task DueNowAsync() => await database.QueuedMails.ExecuteUpdateAsync(set => set.SetProperty(mail => mail.NextAttemptAt, DateTimeOffset.UtcNow));
    }

    private static async Task ForgetAsync(PlatformApp app, User user)
    {
        using var client = app.NewClient();
        (await client.PostAsync("auth/password/forgot", new { email = user.Email })).Expect(202);
    }

    [Fact]
    public async Task A_public_installation_does_not_start_with_guessable_secrets()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => Host.StartAppAsync(Host.App.Databases, new Dictionary<string, string?>
        {
            ["PUBLIC_URL"] = "https://platform.example.com",
            ["JWT_SECRET"] = "change-me-change-me-change-me-change-me",
            ["FUNCTIONS_MASTER_KEY"] = "short",
            ["LABELER_CLIENT_SECRET"] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            ["BOOTSTRAP_ADMIN_PASSWORD"] = "Password12345!",
        }));

        foreach (var name in new[] { "JWT_SECRET is an example", "FUNCTIONS_MASTER_KEY is shorter", "LABELER_CLIENT_SECRET has fewer", "BOOTSTRAP_ADMIN_PASSWORD" })
            Assert.Contains(name, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Password12345!", failure.Message, StringComparison.Ordinal);
    }
}
