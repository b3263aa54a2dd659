namespace VisionPlatform.Api.OpenApi;

/// <summary>The groups in which the API's description shows its operations, in reading order.</summary>
internal static class ApiTags
{
    /// <summary>Name and description of each.</summary>
    public static IReadOnlyList<(string Name, string Description)> All { get; } =
    [
        ("Auth", "Sign in and out, sign up, reset a password, manage the signed-in account, its sessions and its personal tokens."),
        ("Organizations", "Organizations, the people who belong to them, and the limits they share."),
        ("Invitations", "Invite people by e-mail to an organization, a project or a dataset, and answer invitations."),
        ("Projects", "Projects and their members. Datasets, training jobs, models and deployments all belong to a project."),
        ("Datasets", "Upload images, organize them in classes, publish immutable versions to train on, and share datasets with people outside the project."),
        ("Training", "Create training jobs from dataset versions, watch them live, and read their metrics, checkpoints and logs. Also lists what each trainer offers."),
        ("Models", "Models and their versions. Every completed training job adds a version to a model."),
        ("Exports", "Convert model versions to formats such as ONNX and TorchScript, and download the files."),
        ("Deployments", "Serve exports, and call the served models with images."),
        ("Labeling", "What the labeling application needs to know about the caller."),
        ("Trainers", "Callbacks for trainers only. A trainer authenticates with the token of the attempt that it works on; trainers/protocol.md describes the whole protocol."),
        ("Administration", "Accounts and projects of other people, for managers and administrators."),
        ("Audit", "The audit log, for administrators."),
        ("Health", "Probes for load balancers and operators. They need no token and are not rate limited."),
        ("Meta", "This description, for programs and for people."),
    ];
}
