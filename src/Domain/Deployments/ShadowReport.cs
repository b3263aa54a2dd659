namespace VisionPlatform.Domain.Deployments;

/// <summary>How often a shadow answered like the revision that answers. Instances of the app add to it every few seconds.</summary>
public sealed class ShadowComparison
{
    public required Guid DeploymentId { get; init; }

    /// <summary>Number of the revision that answered.</summary>
    public required int Revision { get; init; }
    public required int ShadowRevision { get; init; }

    /// <summary>Requests that both answered.</summary>
    public long RequestCount { get; set; }

    /// <summary>Images in those requests.</summary>
    public long ImageCount { get; set; }

    /// <summary>Images with different answers, see <see cref="AnswerComparison"/>.</summary>
    public long DifferentImages { get; set; }

    /// <summary>Requests that the shadow did not answer.</summary>
    public long FailedRequests { get; set; }

    /// <summary>Requests that the shadow did not get, because too many were waiting for it.</summary>
    public long SkippedRequests { get; set; }

    /// <summary>Sum of the differences of the confidence over all compared images, each from 0 to 1.</summary>
    public double ConfidenceDifference { get; set; }

    /// <summary>Sum of <see cref="AnswerComparison.Agreements"/>.</summary>
    public double Agreement { get; set; }

    /// <summary>Number of <see cref="AnswerComparison.Agreements"/>.</summary>
    public long Measured { get; set; }
    public DateTimeOffset FirstAt { get; set; }
    public DateTimeOffset LastAt { get; set; }
}

/// <summary>How often one revision said one thing where the shadow said another.</summary>
public sealed class ShadowPair
{
    public required Guid DeploymentId { get; init; }
    public required int Revision { get; init; }
    public required int ShadowRevision { get; init; }

    /// <summary>Class that the revision found; empty where it found nothing.</summary>
    public required string Answer { get; init; }

    /// <summary>Class that the shadow found there; empty where it found nothing.</summary>
    public required string ShadowAnswer { get; init; }
    public long Count { get; set; }
}

/// <summary>An image with different answers. The newest are kept.</summary>
public sealed class ShadowDifference
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid DeploymentId { get; init; }
    public required int Revision { get; init; }
    public required int ShadowRevision { get; init; }
    public required DateTimeOffset At { get; init; }

    /// <summary>SHA-256 of the image file in hexadecimal digits; the file itself is not kept.</summary>
    public required string ImageSha256 { get; init; }

    /// <summary>What the revision found.</summary>
    public required IReadOnlyList<Finding> Answer { get; init; }
    public required IReadOnlyList<Finding> ShadowAnswer { get; init; }

    /// <summary>The smallest of <see cref="AnswerComparison.Agreements"/>; null when nothing was measured.</summary>
    public double? Agreement { get; init; }
}
