using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Accounts;

public sealed class PasswordResetTests(PlatformHost host) : PlatformTests(host)
{
    private const string NewPassword = "another long pass phrase";

    [Fact]
    public async Task The_mailed_link_works_once_sets_the_password_and_ends_every_session()
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
    public async Task A_reset_for_an_unknown_address_gets_the_same_answer_and_sends_no_mail()
    {
        var nobody = $"nobody.{Guid.CreateVersion7():n}@platform.test";
        var known = await Host.AddUserAsync(Host.App.Databases);
        using var client = Host.App.NewClient();

        var unknown = (await client.PostAsync("auth/password/forgot", new { email = nobody })).Expect(202);
        var nonsense = (await client.PostAsync("auth/password/forgot", new { email = "this is no address" })).Expect(202);
        var answer = (await client.PostAsync("auth/password/forgot", new { email = known.Email })).Expect(202);

        Assert.Equal(answer.RawText, unknown.RawText);
        Assert.Equal(answer.RawText, nonsense.RawText);
        // Mails are sent in the order in which they were posted.
        await Host.Mails.WaitAsync(known.Email, "reset-password");
        Assert.Empty(Host.Mails.FilesTo(nobody));
    }

    [Fact]
    public async Task A_known_and_an_unknown_address_leave_the_same_rows()
    {
        // The test counts all links of the installation, so it uses a separate one.
        await using var app = await Host.StartAppAsync();
        var known = await Host.AddUserAsync(app.Databases);
        using var client = app.NewClient();

        (await client.PostAsync("auth/password/forgot", new { email = $"nobody.{Guid.CreateVersion7():n}@platform.test" })).Expect(202);
        (await client.PostAsync("auth/password/forgot", new { email = known.Email })).Expect(202);

        await using var database = app.Databases.OpenUsers();
        Assert.Equal(2, await database.MailedTokens.CountAsync());
    }

    [Fact]
    public async Task A_second_request_within_a_minute_sends_no_second_mail()
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
    public async Task An_expired_link_is_refused()
    {
        var user = await Host.AddUserAsync(Host.App.Databases);
        var token = await AskAsync(user.Email);
        await using var database = Host.App.Databases.OpenUsers();
        await database.MailedTokens.Where(t => t.UserId == user.Id).ExecuteUpdateAsync(set => set.SetProperty(t => t.ExpiresAt, DateTimeOffset.UtcNow.AddSeconds(-1)));

        (await Host.App.NewClient().PostAsync("auth/password/reset", new { token, newPassword = NewPassword })).Expect(422, "INVALID_LINK");
    }

    [Fact]
    public async Task A_deactivated_account_gets_no_mail_and_its_earlier_link_stops_working()
    {
        var user = await Host.AddUserAsync(Host.App.Databases);
        var token = await AskAsync(user.Email);
        await using var database = Host.App.Databases.OpenUsers();
        await database.Users.Where(u => u.Id == user.Id).ExecuteUpdateAsync(set => set.SetProperty(u => u.IsActive, false));

        (await Host.App.NewClient().PostAsync("auth/password/reset", new { token, newPassword = NewPassword })).Expect(422, "INVALID_LINK");
    }

    [Fact]
    public async Task Simultaneous_uses_of_a_link_succeed_once()
    {
        using var client = await Host.NewUserAsync();
        var token = await AskAsync(client.Email);

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => client.PostAsync("auth/password/reset", new { token, newPassword = $"{NewPassword} {i}" })));

        Assert.Equal(1, answers.Count(answer => (int)answer.Status == 204));
    }

    [Fact]
    public async Task A_changed_or_reset_password_invalidates_the_other_links()
    {
        using var client = await Host.NewUserAsync();
        var token = await AskAsync(client.Email);

        client.Use((await client.PutAsync("auth/password", new { currentPassword = ApiClient.Password, newPassword = NewPassword })).Expect(200));

        (await client.PostAsync("auth/password/reset", new { token, newPassword = NewPassword + "!" })).Expect(422, "INVALID_LINK");
    }

    [Fact]
    public async Task A_link_stops_working_when_an_administrator_changes_the_address_and_both_addresses_are_told()
    {
        var user = await Host.AddUserAsync(Host.App.Databases);
        var token = await AskAsync(user.Email);
        var other = $"moved.{Guid.CreateVersion7():n}@platform.test";

        (await Host.Admin.PutAsync($"admin/users/{user.Id}", new { email = other, fullName = "Kim Berg" })).Expect(200);

        (await Host.App.NewClient().PostAsync("auth/password/reset", new { token, newPassword = NewPassword })).Expect(422, "INVALID_LINK");
        await Host.Mails.WaitAsync(user.Email, $"to {other}");
        await Host.Mails.WaitAsync(other, $"from {user.Email}");
    }

    [Fact]
    public async Task A_link_does_not_come_back_to_life_with_a_reactivated_account()
    {
        var user = await Host.AddUserAsync(Host.App.Databases);
        var token = await AskAsync(user.Email);

        (await Host.Admin.PostAsync($"admin/users/{user.Id}/deactivate")).Expect(200);
        (await Host.Admin.PostAsync($"admin/users/{user.Id}/reactivate")).Expect(200);

        (await Host.App.NewClient().PostAsync("auth/password/reset", new { token, newPassword = NewPassword })).Expect(422, "INVALID_LINK");
    }

    [Fact]
    public async Task Tokens_and_mails_are_unreadable_in_the_database_and_dropped_mails_are_private_files()
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
