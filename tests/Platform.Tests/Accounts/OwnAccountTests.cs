using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Accounts;

public sealed class OwnAccountTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task A_changed_name_and_color_appear_in_the_next_request()
    {
        using var client = await Host.NewUserAsync();

        var changed = (await client.PutAsync("auth/me", new { fullName = " Grace Brewster Hopper ", badgeColor = "#1d4ed8" })).Expect(200);

        var me = (await client.GetAsync("auth/me")).Expect(200);
        Assert.Equal(changed.Body.GetProperty("user").GetRawText(), me.RawText);
        Assert.Equal(("Grace Brewster Hopper", "GH", "#1d4ed8"), (me.Text("fullName"), me.Text("initials"), me.Text("badgeColor")));
        (await client.PutAsync("auth/me", new { fullName = (string?)null, badgeColor = (string?)null })).Expect(200);
        Assert.Equal("S", (await client.GetAsync("auth/me")).Text("initials"));
    }

    [Theory]
    [InlineData("#123456")]
    [InlineData("red")]
    [InlineData("\" onload=")]
    public async Task A_color_outside_the_palette_is_refused(string color)
    {
        using var client = await Host.NewUserAsync();

        var refused = await client.PutAsync("auth/me", new { fullName = "x", badgeColor = color });

        Assert.NotEmpty(refused.Expect(422, "VALIDATION_FAILED").ErrorsOf("badgeColor"));
    }

    [Fact]
    public async Task A_change_of_address_needs_the_password_and_notifies_the_old_address()
    {
        using var client = await Host.NewUserAsync();
        var (old, wanted) = (client.Email, $"Moved.{Guid.CreateVersion7():n}@platform.test");

        Assert.NotEmpty((await MoveAsync(client, wanted, null)).Expect(422, "VALIDATION_FAILED").ErrorsOf("currentPassword"));
        Assert.NotEmpty((await MoveAsync(client, wanted, "a wrong one")).Expect(422, "VALIDATION_FAILED").ErrorsOf("currentPassword"));
        (await MoveAsync(client, wanted, ApiClient.Password)).Expect(200);

        (await client.SignInAsync(old)).Expect(401);
        (await client.SignInAsync(wanted.ToLowerInvariant())).Expect(200);
        await Host.Mails.WaitAsync(old, "was changed from");
    }

    [Fact]
    public async Task An_address_of_another_account_is_refused_regardless_of_case()
    {
        using var client = await Host.NewUserAsync();
        var other = await Host.AddUserAsync(Host.App.Databases);

        (await MoveAsync(client, other.Email.ToUpperInvariant(), ApiClient.Password)).Expect(409, "EMAIL_TAKEN");

        Assert.Equal(client.Email, (await client.GetAsync("auth/me")).Text("email"));
    }

    [Fact]
    public async Task With_confirmation_a_new_address_takes_effect_when_its_link_is_followed()
    {
        var app = await Host.ConfirmingAppAsync();
        using var client = await Host.NewUserAsync(app: app);
        var taken = await Host.AddUserAsync(Host.App.Databases);
        var (old, wanted) = (client.Email, $"moved.{Guid.CreateVersion7():n}@platform.test");

        Assert.Equal(wanted, (await MoveAsync(client, wanted, ApiClient.Password)).Expect(200).Text("confirmationSentTo"));
        Assert.Equal(taken.Email, (await MoveAsync(client, taken.Email, ApiClient.Password)).Expect(200).Text("confirmationSentTo"));
        Assert.Equal(old, (await client.GetAsync("auth/me")).Text("email"));
        var token = MailFolder.TokenIn(await Host.Mails.WaitAsync(wanted, "confirm-email"));
        (await client.PostAsync("auth/me/confirm-email", new { token })).Expect(204);

        Assert.Equal(wanted, (await client.GetAsync("auth/me")).Text("email"));
        (await client.PostAsync("auth/me/confirm-email", new { token })).Expect(422, "INVALID_LINK");
        Assert.Empty(Host.Mails.FilesTo(taken.Email));
    }

    private static Task<ApiAnswer> MoveAsync(ApiClient client, string email, string? currentPassword) =>
        client.PutAsync("auth/me", new { fullName = "x", badgeColor = (string?)null, email, currentPassword });
}
