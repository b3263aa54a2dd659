using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Accounts;

public sealed class PasswordResetTests(PlatformHost host) : PlatformTests(host)
{
    private const string NewPassword = "another long pass phrase";

    [Fact]
    public async Task The_mailed_link_sets_a_new_password_once_and_ends_every_session()
    {
        using var client = await Host.NewUserAsync();
        var token = await AskAsync(client.Email);

        (await client.PostAsync("auth/password/reset", new { token, newPassword = "short" })).Expect(422, "WEAK_PASSWORD");
        (await client.PostAsync("auth/password/reset", new { token, newPassword = NewPassword })).Expect(204);

        (await client.GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
        (await client.PostAsync("auth/refresh", new { refreshToken = client.RefreshToken })).Expect(401);
        (await client.PostAsync("auth/password/reset", new { token, newPassword = NewPassword + "!" })).Expect(422, "INVALID_LINK");
        (await client.SignInAsync(client.Email)).Expect(401);
        (await client.SignInAsync(client.Email, NewPassword)).Expect(200);
        await Host.Mails.WaitAsync(client.Email, "was changed");
    }

    [Fact]
    public async Task An_unknown_address_gets_the_same_answer_and_no_mail()
    {
        var nobody = $"nobody.{Guid.CreateVersion7():n}@platform.test";
        var known = await Host.AddUserAsync(Host.App.Databases);
        using var client = Host.App.NewClient();

        var unknown = (await client.PostAsync("auth/password/forgot", new { email = nobody })).Expect(202);
        var nonsense = (await client.PostAsync("auth/password/forgot", new { email = "this is no address" })).Expect(202);
        var answer = (await client.PostAsync("auth/password/forgot", new { email = known.Email })).Expect(202);

        Assert.Equal(answer.RawText, unknown.RawText);
        Assert.Equal(answer.RawText, nonsense.RawText);
        // Mails leave in the order in which they were posted.
        await Host.Mails.WaitAsync(known.Email, "reset-password");
        Assert.Empty(Host.Mails.FilesTo(nobody));
    }

    [Fact]
    public async Task A_known_and_an_unknown_address_leave_the_same_rows_behind()
    {
        // All links of an installation are counted, so this one has no other users.
        await using var app = await Host.StartAppAsync();
        var known = await Host.AddUserAsync(app.Databases);
        using var client = app.NewClient();

        (await client.PostAsync("auth/password/forgot", new { email = $"nobody.{Guid.CreateVersion7():n}@platform.test" })).Expect(202);
        (await client.PostAsync("auth/password/forgot", new { email = known.Email })).Expect(202);

        await using var database = app.Databases.OpenUsers();
        Assert.Equal(2, await database.MailedTokens.CountAsync());
    }

    [Fact]
    public async Task Who_asks_again_at_once_gets_one_mail()
    {
        var user = await Host.AddUserAsync(Host.App.Databases);
        var marker = await Host.AddUserAsync(Host.App.Databases);
        using var client = Host.App.NewClient();

        for (var i = 0; i < 3; i++)
            (await client.PostAsync("auth/password/forgot", new { email = user.Email })).Expect(202);
        (await client.PostAsync("auth/password/forgot", new { email = marker.Email })).Expect(202);

        await Host.Mails.WaitAsync(marker.Email, "reset-password");
        Assert.Single(Host.Mails.FilesTo(user.Email));
    }

    [Fact]
    public async Task A_link_expires()
    {
        var user = await Host.AddUserAsync(Host.App.Databases);
        var token = await AskAsync(user.Email);
        await using var database = Host.App.Databases.OpenUsers();
        await database.MailedTokens.Where(t => t.UserId == user.Id).ExecuteUpdateAsync(set => set.SetProperty(t => t.ExpiresAt, DateTimeOffset.UtcNow.AddSeconds(-1)));

        (await Host.App.NewClient().PostAsync("auth/password/reset", new { token, newPassword = NewPassword })).Expect(422, "INVALID_LINK");
    }

    [Fact]
    public async Task A_deactivated_account_gets_no_mail_and_a_link_of_before_no_longer_works()
    {
        var user = await Host.AddUserAsync(Host.App.Databases);
        var token = await AskAsync(user.Email);
        await using var database = Host.App.Databases.OpenUsers();
        await database.Users.Where(u => u.Id == user.Id).ExecuteUpdateAsync(set => set.SetProperty(u => u.IsActive, false));

        (await Host.App.NewClient().PostAsync("auth/password/reset", new { token, newPassword = NewPassword })).Expect(422, "INVALID_LINK");
    }

    [Fact]
    public async Task Of_simultaneous_uses_of_a_link_one_wins()
    {
        using var client = await Host.NewUserAsync();
        var token = await AskAsync(client.Email);

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => client.PostAsync("auth/password/reset", new { token, newPassword = $"{NewPassword} {i}" })));

        Assert.Equal(1, answers.Count(answer => (int)answer.Status == 204));
    }

    [Fact]
    public async Task Changing_the_password_or_resetting_it_makes_other_links_useless()
    {
        using var client = await Host.NewUserAsync();
        var token = await AskAsync(client.Email);

        client.Use((await client.PutAsync("auth/password", new { currentPassword = ApiClient.Password, newPassword = NewPassword })).Expect(200));

        (await client.PostAsync("auth/password/reset", new { token, newPassword = NewPassword + "!" })).Expect(422, "INVALID_LINK");
    }

    [Fact]
    public async Task Neither_token_nor_mail_is_readable_in_the_database_and_the_mail_only_by_the_owner_of_the_process()
    {
        var user = await Host.AddUserAsync(Host.App.Databases);
        var token = await AskAsync(user.Email);
        await using var database = Host.App.Databases.OpenUsers();

        var row = await database.MailedTokens.SingleAsync(t => t.UserId == user.Id);

        Assert.Equal(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(token)), row.TokenHash);
        var file = Host.Mails.FilesTo(user.Email).Single();
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.DoesNotContain(Host.App.Log, line => line.Contains(token, StringComparison.Ordinal));
    }

    private async Task<string> AskAsync(string email)
    {
        (await Host.App.NewClient().PostAsync("auth/password/forgot", new { email })).Expect(202);
        return MailFolder.TokenIn(await Host.Mails.WaitAsync(email, "reset-password"));
    }
}
