using System.Net;
using VisionPlatform.Cli.Demo.Api;
using VisionPlatform.Cli.Demo.Rendering;

namespace VisionPlatform.Cli.Demo.Steps;

/// <summary>Signs in as the bootstrap admin, changes the password if that is required, and creates a project.</summary>
internal static class SignIn
{
    /// <summary>How long to wait for a platform that has never answered; the address may be wrong.</summary>
    private static readonly TimeSpan _firstContact = TimeSpan.FromSeconds(15);

    public static async Task<Project> RunAsync(PlatformClient api, DemoOptions options, Terminal terminal, TimeProvider time, CancellationToken cancellation)
    {
        var patience = api.Http.Patience;
        patience.Limit = options.Patience < _firstContact ? options.Patience : _firstContact;
        await api.WaitUntilReadyAsync(cancellation);
        patience.Limit = options.Patience;

        var user = await SignInAsync(api, options.Credentials, terminal, cancellation);
        terminal.Line($"signed in at {options.Url} as {user.Email} ({user.Role})");
        var now = time.GetUtcNow();
        var project = await api.CreateProjectAsync($"demo {now:yyyy-MM-dd HH:mm:ss} {Credentials.NewPassword()[..4]}", "Made by platform-cli demo.", cancellation);
        terminal.Line($"project '{project.Name}' [dim]{project.Id}[/]");
        return project;
    }

    private static async Task<User> SignInAsync(PlatformClient api, FileInfo file, Terminal terminal, CancellationToken cancellation)
    {
        var (session, used) = await FirstAcceptedAsync(api, Candidates(file), file, cancellation);
        if (!session.MustChangePassword)
            return session.User;
        // Store the password before it is set. If this process ends in between, the next run tries both.
        var changed = used with { Password = Credentials.NewPassword() };
        changed.Save(file);
        session = await api.ChangePasswordAsync(used.Password, changed.Password, cancellation);
        terminal.Line($"changed the one-time password; the new one is in {file.FullName}");
        return session.User;
    }

    /// <summary>Tries the stored password first, then the one-time password from the environment.</summary>
    private static IReadOnlyList<Credentials> Candidates(FileInfo file)
    {
        var candidates = new List<Credentials>();
        var email = Settings.Optional("BOOTSTRAP_ADMIN_EMAIL");
        if (Credentials.Load(file) is { } stored && (email is null || string.Equals(stored.Email, email, StringComparison.OrdinalIgnoreCase)))
            candidates.Add(stored);
        if (email is not null && Settings.Optional("BOOTSTRAP_ADMIN_PASSWORD") is { } oneTime)
            candidates.Add(new Credentials(email, oneTime));
        return candidates.Count > 0
            ? candidates
            : throw CommandException.Usage($"no password: {file.FullName} does not exist and BOOTSTRAP_ADMIN_EMAIL and BOOTSTRAP_ADMIN_PASSWORD are not set.");
    }

    private static async Task<(Session Session, Credentials Used)> FirstAcceptedAsync(
        PlatformClient api, IReadOnlyList<Credentials> candidates, FileInfo file, CancellationToken cancellation)
    {
        foreach (var candidate in candidates)
        {
            try
            {
                return (await api.SignInAsync(candidate.Email, candidate.Password, cancellation), candidate);
            }
            catch (ApiException refused) when (refused.Is(HttpStatusCode.Unauthorized) && candidate != candidates[^1])
            {
                // The stored password may belong to an earlier database; the next candidate decides.
            }
            catch (ApiException refused) when (refused.Is(HttpStatusCode.Unauthorized))
            {
                throw new CommandException(
                    $"{refused.Problem.Describe()} Neither {file.FullName} nor BOOTSTRAP_ADMIN_PASSWORD opens {candidate.Email}: put its password into the file as {{\"email\":…,\"password\":…}}.");
            }
        }
        throw new InvalidOperationException("no candidate was tried");
    }
}
