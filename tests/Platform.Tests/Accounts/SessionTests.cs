using Microsoft.EntityFrameworkCore;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Accounts;

public sealed class SessionTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task Signing_out_ends_only_this_session_at_once()
    {
        using var here = await Host.NewUserAsync();
        using var there = Host.App.NewClient();
        (await there.SignInAsync(here.Email)).Expect(200);

        (await here.PostAsync("auth/logout")).Expect(204);

        (await here.GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
        (await here.PostAsync("auth/refresh", new { refreshToken = here.RefreshToken })).Expect(401, "INVALID_REFRESH_TOKEN");
        (await there.GetAsync("auth/me")).Expect(200);
    }

    [Fact]
    public async Task Signing_out_everywhere_ends_every_session_at_once()
    {
        using var here = await Host.NewUserAsync();
        using var there = Host.App.NewClient();
        (await there.SignInAsync(here.Email)).Expect(200);

        (await there.PostAsync("auth/logout-everywhere")).Expect(204);

        foreach (var client in new[] { here, there })
        {
            (await client.GetAsync("projects")).Expect(401, "UNAUTHENTICATED");
            (await client.PostAsync("auth/refresh", new { refreshToken = client.RefreshToken })).Expect(401, "INVALID_REFRESH_TOKEN");
        }
        (await there.SignInAsync(here.Email)).Expect(200);
    }

    [Fact]
    public async Task Sessions_are_listed_with_their_clients_and_can_be_ended()
    {
        using var phone = await Host.NewUserAsync();
        using var laptop = Host.App.NewClient();
        laptop.Http.DefaultRequestHeaders.UserAgent.ParseAdd("laptop/1.0");
        (await laptop.SignInAsync(phone.Email)).Expect(200);

        var listed = (await phone.GetAsync("auth/sessions")).Expect(200).Items;

        Assert.Equal(2, listed.Count);
        Assert.Equal("laptop/1.0", listed[0].GetProperty("client").GetString());
        Assert.Equal("127.0.0.1", listed[0].GetProperty("address").GetString());
        Assert.Equal([false, true], listed.Select(session => session.GetProperty("current").GetBoolean()));
        (await phone.DeleteAsync($"auth/sessions/{listed[0].GetProperty("id").GetGuid()}")).Expect(204);
        (await laptop.GetAsync("auth/me")).Expect(401);
        Assert.Single((await phone.GetAsync("auth/sessions")).Items);
        (await phone.DeleteAsync($"auth/sessions/{listed[0].GetProperty("id").GetGuid()}")).Expect(404);
    }

    [Fact]
    public async Task Sessions_of_other_accounts_cannot_be_seen_or_ended()
    {
        using var one = await Host.NewUserAsync();
        using var other = await Host.NewUserAsync(Domain.Accounts.SystemRole.Admin);
        var session = (await one.GetAsync("auth/sessions")).Items.Single().GetProperty("id").GetGuid();

        (await other.DeleteAsync($"auth/sessions/{session}")).Expect(404);

        Assert.DoesNotContain((await other.GetAsync("auth/sessions")).Items, item => item.GetProperty("id").GetGuid() == session);
        (await one.GetAsync("auth/me")).Expect(200);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_refresh_continues_the_session_and_a_token_that_another_program_reuses_or_that_is_reused_later_ends_it(bool later)
    {
        using var client = await Host.NewUserAsync();
        var first = client.RefreshToken;
        var before = (await client.GetAsync("auth/sessions")).Items.Single().GetProperty("id").GetGuid();
        client.Use((await client.PostAsync("auth/refresh", new { refreshToken = first })).Expect(200));
        Assert.Equal(before, (await client.GetAsync("auth/sessions")).Items.Single().GetProperty("id").GetGuid());

        using var thief = Host.App.NewClient();
        if (later)
        {
            await using var database = Host.App.Databases.OpenUsers();
            await database.RefreshTokens.Where(token => token.SessionId == before && token.UsedAt != null)
                .ExecuteUpdateAsync(set => set.SetProperty(token => token.UsedAt, token => token.UsedAt!.Value.AddSeconds(-31)));
        }
        else
            thief.Http.DefaultRequestHeaders.UserAgent.ParseAdd("thief/1.0");
        (await thief.PostAsync("auth/refresh", new { refreshToken = first })).Expect(401, "INVALID_REFRESH_TOKEN");

        (await client.GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
    }

    [Fact]
    public async Task Two_tabs_that_refresh_at_the_same_time_both_go_on()
    {
        using var client = await Host.NewUserAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => client.PostAsync("auth/refresh", new { refreshToken = client.RefreshToken })));

        foreach (var answer in answers)
        {
            using var tab = Host.App.NewClient();
            tab.Use(answer.Expect(200));
            (await tab.GetAsync("auth/me")).Expect(200);
            (await tab.PostAsync("auth/refresh", new { refreshToken = tab.RefreshToken })).Expect(200);
        }
        Assert.Single((await client.GetAsync("auth/sessions")).Items);
    }

    [Fact]
    public async Task Starting_and_ending_sessions_is_in_the_audit_log()
    {
        using var client = Host.App.NewClient();
        (await client.SignInAsync((await Host.AddUserAsync(Host.App.Databases)).Email)).Expect(200);
        (await Host.App.NewClient().SignInAsync(client.Email, "a wrong guess")).Expect(401);
        (await client.PostAsync("auth/logout-everywhere")).Expect(204);

        await using var database = Host.App.Databases.OpenUsers();
        var id = client.UserId.ToString();
        var entries = await database.AuditEntries.Where(entry => entry.SubjectId == id).OrderBy(entry => entry.Id).Select(entry => $"{entry.Action} {entry.Result}").ToListAsync();

        Assert.Equal(["session.sign_in Success", "session.sign_in Denied", "session.sign_out_everywhere Success"], entries);
    }
}
