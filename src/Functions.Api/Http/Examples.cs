namespace VisionPlatform.Api.Http;

/// <summary>
/// The ids in the examples of the API's description. Tests create rows with these ids and send every example,
/// so that an example that does not work fails a test. A new resource adds its id here, its address to <see cref="ByCollection"/> and its row to <c>ExampleData</c> of the tests.
/// </summary>
public static class Examples
{
    public const string Project = "01995b5e-0a00-7000-8000-000000000001";
    public const string Dataset = "01995b5e-0a00-7000-8000-000000000002";
    public const string Image = "01995b5e-0a00-7000-8000-000000000003";
    public const string Upload = "01995b5e-0a00-7000-8000-000000000004";
    public const string DatasetVersion = "01995b5e-0a00-7000-8000-000000000005";
    public const string TrainingJob = "01995b5e-0a00-7000-8000-000000000006";
    public const string Attempt = "01995b5e-0a00-7000-8000-000000000007";

    /// <summary>Name of an execution on Azure.</summary>
    public const string Execution = "train-torchvision-x7k2p";
    public const string Model = "01995b5e-0a00-7000-8000-000000000008";
    public const string ModelVersion = "01995b5e-0a00-7000-8000-000000000009";
    public const string Export = "01995b5e-0a00-7000-8000-00000000000a";
    public const string Deployment = "01995b5e-0a00-7000-8000-00000000000b";
    public const string AnnotationImport = "01995b5e-0a00-7000-8000-000000000014";
    public const string Archive = "01995b5e-0a00-7000-8000-000000000013";
    public const string Email = "ann@example.com";
    public const string Password = "look at the green field";
    public const string RefreshToken = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA";
    public const string User = "01995b5e-0a00-7000-8000-00000000000c";

    /// <summary>A person of the same organization who is not in a project.</summary>
    public const string Colleague = "01995b5e-0a00-7000-8000-00000000000d";
    /// <summary>A person of the same organization who is a member of the project.</summary>
    public const string Member = "01995b5e-0a00-7000-8000-000000000010";
    public const string Session = "01995b5e-0a00-7000-8000-000000000011";
    public const string PersonalToken = "01995b5e-0a00-7000-8000-000000000012";

    public const string Prediction = "01995b5e-0a00-7000-8000-000000000016";
    /// <summary>Another one of the same dataset version.</summary>
    public const string OtherPrediction = "01995b5e-0a00-7000-8000-000000000017";
    public const string ProposalRun = "01995b5e-0a00-7000-8000-000000000018";
    public const string Sweep = "01995b5e-0a00-7000-8000-000000000015";
    public const string Operation = "01995b5e-0a00-7000-8000-000000000013";

    // Tokens in the links of mails.
    public const string SignUpToken = "sign-up-q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ";
    public const string ResetToken = "reset-q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ";
    public const string EmailToken = "email-q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ";
    public const string Organization = "01995b5e-0a00-7000-8000-00000000000e";
    public const string Invitation = "01995b5e-0a00-7000-8000-00000000000f";

    /// <summary>The token in the mail of <see cref="Invitation"/>.</summary>
    public const string InvitationToken = "example-of-the-token-in-the-mail";

    /// <summary>The id that follows these words in an address: <c>projects/{id}</c>. The longest matching key wins, e.g. <c>datasets/versions</c>.</summary>
    public static IReadOnlyDictionary<string, string> ByCollection { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["projects"] = Project,
        ["datasets"] = Dataset,
        ["datasets/annotation-imports"] = AnnotationImport,
        ["datasets/archives"] = Archive,
        ["datasets/images"] = Image,
        ["datasets/proposal-runs"] = ProposalRun,
        ["datasets/versions"] = DatasetVersion,
        ["training/jobs"] = TrainingJob,
        ["training/predictions"] = Prediction,
        ["training/sweeps"] = Sweep,
        ["trainer/attempts"] = Attempt,
        ["models"] = Model,
        ["models/versions"] = ModelVersion,
        ["exports"] = Export,
        ["deployments"] = Deployment,
        ["deployments/revisions"] = "1",
        ["docs"] = "docs.js",
        ["infer"] = Deployment,
        ["users"] = Colleague,
        ["members"] = Member,
        ["auth/sessions"] = Session,
        ["auth/tokens"] = PersonalToken,
        ["organizations"] = Organization,
        ["invitations"] = Invitation,
        ["operations"] = Operation,
        ["orchestrations"] = $"train-{TrainingJob}",
    };

    /// <summary>The example value of a route parameter; null when there is none.</summary>
    /// <param name="before">The fixed words of the address before the parameter, in order.</param>
    public static string? After(IReadOnlyList<string> before)
    {
        for (var from = 0; from < before.Count; from++)
            if (ByCollection.GetValueOrDefault(string.Join('/', before.Skip(from))) is { } id)
                return id;
        return null;
    }
}
