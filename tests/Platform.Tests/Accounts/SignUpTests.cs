using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Accounts;

public sealed class SignUpTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task A_new_account_can_sign_in_and_is_a_guest()
    {
        var email = NewEmail();
        using var client = Host.App.NewClient();

        (await SignUpAsync(client, email, "Ada Lovelace")).Expect(202);

        var session = (await client.SignInAsync(email.ToUpperInvariant())).Expect(200);
        var user = session.Body.GetProperty("user");
        Assert.Equal(("guest", "Ada Lovelace", "AL"), (user.GetProperty("role").GetString(), user.GetProperty("fullName").GetString(), user.GetProperty("initials").GetString()));
        Assert.Matches("^#[0-9a-f]{6}$", user.GetProperty("badgeColor").GetString());
        Assert.Contains("An account was created", await Host.Mails.WaitAsync(email, "account"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signing_up_with_a_known_address_gets_the_same_answer_and_mails_its_owner()
    {
        var known = await Host.AddUserAsync(Host.App.Databases);
        using var client = Host.App.NewClient();

        var first = (await SignUpAsync(client, NewEmail())).Expect(202);
        var second = (await SignUpAsync(client, known.Email.ToUpperInvariant(), password: "somebody else's pass phrase")).Expect(202);

        Assert.Equal(first.RawText, second.RawText);
        await Host.Mails.WaitAsync(known.Email, "already has an account");
        (await client.SignInAsync(known.Email)).Expect(200);
        (await client.SignInAsync(known.Email, "somebody else's pass phrase")).Expect(401);
    }

    [Fact]
    public async Task Simultaneous_sign_ups_with_one_address_create_one_account()
    {
        var email = NewEmail();
        using var client = Host.App.NewClient();

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => SignUpAsync(client, email)));

        Assert.All(answers, answer => answer.Expect(202));
        (await client.SignInAsync(email)).Expect(200);
    }

    [Theory]
    [InlineData("", "a long enough pass phrase", "VALIDATION_FAILED", "email")]
    [InlineData("no address", "a long enough pass phrase", "VALIDATION_FAILED", "email")]
    [InlineData("Ann <ann@platform.test>", "a long enough pass phrase", "VALIDATION_FAILED", "email")]
    [InlineData("a\u200Bb@platform.test", "a long enough pass phrase", "VALIDATION_FAILED", "email")]
    [InlineData("\u202Eann@platform.test", "a long enough pass phrase", "VALIDATION_FAILED", "email")]
    [InlineData("ann@platform.test", "short", "WEAK_PASSWORD", "password")]
    [InlineData("ann@platform.test", "Password12345!", "WEAK_PASSWORD", "password")]
    public async Task An_invalid_sign_up_is_refused_with_the_field(string email, string password, string code, string field)
    {
        using var client = Host.App.NewClient();

        var refused = (await SignUpAsync(client, email, password: password)).Expect(422, code);

        Assert.NotEmpty(refused.ErrorsOf(field));
    }

    [Theory]
    [InlineData("invitation", "INVITATION_REQUIRED")]
    [InlineData("off", "SIGN_UP_CLOSED")]
    public async Task A_sign_up_is_refused_when_sign_up_is_not_open(string mode, string code)
    {
        await using var app = await Host.StartAppAsync(Host.App.Databases, new Dictionary<string, string?> { ["SIGN_UP"] = mode });
        using var client = app.NewClient();

        (await SignUpAsync(client, NewEmail())).Expect(403, code);

        Assert.Equal(mode, (await client.GetAsync("auth/options")).Expect(200).Text("signUp"));
    }

    [Fact]
    public async Task With_confirmation_the_link_and_the_password_create_the_account_once()
    {
        var app = await Host.ConfirmingAppAsync();
        using var client = app.NewClient();
        var email = NewEmail();
        (await SignUpAsync(client, email)).Expect(202);
        (await client.SignInAsync(email)).Expect(401, "INVALID_CREDENTIALS");
        var token = MailFolder.TokenIn(await Host.Mails.WaitAsync(email, "confirm-sign-up"));

        (await client.PostAsync("auth/sign-up/confirm", new { token, password = "not the one of the sign-up" })).Expect(401, "INVALID_CREDENTIALS");
        (await client.PostAsync("auth/sign-up/confirm", new { token = token[1..] + "A", password = ApiClient.Password })).Expect(422, "INVALID_LINK");
        var session = (await client.PostAsync("auth/sign-up/confirm", new { token, password = ApiClient.Password })).Expect(201);

        client.Use(session);
        Assert.Equal(email, (await client.GetAsync("auth/me")).Expect(200).Text("email"));
        (await client.PostAsync("auth/sign-up/confirm", new { token, password = ApiClient.Password })).Expect(422, "INVALID_LINK");
    }

    [Fact]
    public async Task With_confirmation_a_known_address_gets_no_link()
    {
        var app = await Host.ConfirmingAppAsync();
        var known = await Host.AddUserAsync(Host.App.Databases);
        using var client = app.NewClient();

        (await SignUpAsync(client, known.Email)).Expect(202);

        Assert.DoesNotContain("#token=", await Host.Mails.WaitAsync(known.Email, "already has an account"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("Robert'); DROP TABLE users;--")]
    [InlineData("नाम‍है")]
    public async Task Names_are_stored_as_written(string name)
    {
        var email = NewEmail();
        using var client = Host.App.NewClient();

        (await SignUpAsync(client, email, name)).Expect(202);

        Assert.Equal(name, (await client.SignInAsync(email)).Expect(200).Body.GetProperty("user").GetProperty("fullName").GetString());
    }

    [Theory]
    [InlineData("an\u0000n")]
    [InlineData("an\u202En")]
    [InlineData("an\u200Bn")]
    [InlineData("an\u200Dn")]
    [InlineData("\u200Dann")]
    [InlineData("an\nn")]
    [InlineData("   ")]
    public async Task Names_with_invisible_characters_are_refused(string name)
    {
        using var client = Host.App.NewClient();

        Assert.NotEmpty((await SignUpAsync(client, NewEmail(), name)).Expect(422, "VALIDATION_FAILED").ErrorsOf("fullName"));
    }

    private static string NewEmail() => $"new.{Guid.CreateVersion7():n}@platform.test";

    private static Task<ApiAnswer> SignUpAsync(ApiClient client, string email, string? fullName = null, string password = ApiClient.Password) =>
        client.PostAsync("auth/sign-up", new { email, password, fullName });
}
