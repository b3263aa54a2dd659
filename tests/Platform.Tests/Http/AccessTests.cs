using System.Net;
using System.Text.RegularExpressions;
using VisionPlatform.Api.Http;
using VisionPlatform.Api.Http.Access;
using VisionPlatform.Api.Http.Answers;
using VisionPlatform.Api.Http.Lists;
using VisionPlatform.Api.Http.Limits;
using VisionPlatform.Api.Http.Requests;
using VisionPlatform.Api.Http.Idempotency;
using VisionPlatform.Api.OpenApi;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Http;

/// <summary>Holds every function of the API, also those that are added later, to its declaration.</summary>
public sealed partial class AccessTests(PlatformHost host) : PlatformTests(host)
{
    private static readonly IReadOnlyList<FunctionDeclaration> Functions = FunctionDeclaration.AllHttpFunctionsIn(typeof(ApiDocument).Assembly);

    // Open to anybody, each for a reason: signing in and up, links from mails, health, the description of the API, the answer to unknown addresses,
    // and predictions, which check the key of the deployment themselves.
    private static readonly string[] Open =
    [
        "Login", "RefreshSession", "GetAccountOptions", "SignUp", "ConfirmSignUp", "ForgotPassword", "ResetPassword", "ConfirmEmail", "CreateServiceToken", "HealthLive", "HealthLiveV1", "HealthReady", "HealthReadyV1", "OpenApi", "Docs", "DocsFile", "zzUnknownAddress", "Predict",
        "PreviewInvitation", "DeclineInvitation", "SignUpInvited",
    ];

    [Fact]
    public void Every_function_says_who_may_call_it() =>
        Assert.Empty(Functions.Where(function => function.Access is null).Select(function => function.Name));

    [Fact]
    public void Only_functions_of_a_known_list_are_open_to_anybody() =>
        Assert.Empty(Functions.Where(function => function.Access is AllowAnonymousAccessAttribute).Select(function => function.Name).Except(Open));

    [Fact]
    public async Task Without_a_token_every_protected_function_answers_401()
    {
        using var stranger = Host.App.NewClient();
        foreach (var (method, path, function) in Calls(function => function.Access is RequiresPermissionAttribute or TrainerAccessAttribute))
        {
            var answer = await stranger.SendAsync(method, path);
            Assert.True(answer.Status == HttpStatusCode.Unauthorized, $"{function.Name} answered {answer.Status} to a stranger");
        }
    }

    [Fact]
    public async Task With_a_persons_token_no_trainer_function_can_be_called()
    {
        foreach (var (method, path, _) in Calls(function => function.Access is TrainerAccessAttribute))
            (await Host.Admin.SendAsync(method, path)).Expect(401, "INVALID_ATTEMPT_TOKEN");
    }

    [Fact]
    public async Task The_token_of_one_attempt_opens_no_other()
    {
        using var trainer = Host.App.NewClient();
        trainer.WithToken(new AttemptTokens(new SignedToken(PlatformHost.JwtSecret, TimeProvider.System)).Mint(Guid.CreateVersion7(), DateTimeOffset.UtcNow.AddHours(1)));
        foreach (var (method, path, _) in Calls(function => function.Access is TrainerAccessAttribute))
            (await trainer.SendAsync(method, path)).Expect(401, "INVALID_ATTEMPT_TOKEN");
    }

    [Theory]
    [InlineData(SystemRole.Guest)]
    [InlineData(SystemRole.StandardEngineer)]
    [InlineData(SystemRole.AdvancedEngineer)]
    [InlineData(SystemRole.Manager)]
    [InlineData(SystemRole.Admin)]
    public async Task A_system_role_is_refused_exactly_what_the_policy_denies_it(SystemRole role)
    {
        using var person = await Host.NewUserAsync(role);
        foreach (var (method, path, function) in Calls(function => function.Access is RequiresPermissionAttribute))
        {
            var permission = ((RequiresPermissionAttribute)function.Access!).Permission;
            // No body is sent and no such thing exists: whoever is let in gets another refusal.
            var answer = await person.SendAsync(method, path);
            if (AccessPolicy.Allows(role, permission))
                Assert.True(answer.Status != HttpStatusCode.Forbidden, $"{function.Name} refused {role}: {answer.RawText}");
            else
                Assert.Contains(AccessPolicy.NameOf(permission), answer.Expect(403, "FORBIDDEN").Text("detail"), StringComparison.Ordinal);
        }
    }

    private static IEnumerable<(HttpMethod Method, string Path, FunctionDeclaration Function)> Calls(Func<FunctionDeclaration, bool> which) =>
        from function in Functions.Where(which)
        from method in function.Methods
        // Signing out comes last: after it the caller is nobody.
        orderby function.Name.StartsWith("Logout", StringComparison.Ordinal)
        select (HttpMethod.Parse(method), "/" + Parameter().Replace(function.Route, Guid.CreateVersion7().ToString()), function);

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();
}
