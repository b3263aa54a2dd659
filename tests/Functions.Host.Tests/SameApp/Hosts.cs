using VisionPlatform.Functions.Host.Tests.Hosts;

namespace VisionPlatform.Functions.Host.Tests.SameApp;

// One suite, two hosts: what an app is, whatever runs it. Tests of one host run one after another, as some kill it.

[Collection(nameof(EmbeddedLab))]
public sealed class EmbeddedAccess(EmbeddedLab lab) : AccessSuite(lab);

[Collection(nameof(EmbeddedLab))]
public sealed class EmbeddedMainJob(EmbeddedLab lab) : MainJobSuite(lab);

[Collection(nameof(EmbeddedLab))]
public sealed class EmbeddedManagement(EmbeddedLab lab) : ManagementSuite(lab);

[Collection(nameof(EmbeddedLab))]
public sealed class EmbeddedRecovery(EmbeddedLab lab) : RecoverySuite(lab);

[Collection(nameof(EmbeddedLab))]
public sealed class EmbeddedSmoke(EmbeddedLab lab) : SmokeSuite(lab);

[Collection(nameof(FunctionsLab))]
public sealed class FunctionsAccess(FunctionsLab lab) : AccessSuite(lab.OrSkip());

[Collection(nameof(FunctionsLab))]
public sealed class FunctionsMainJob(FunctionsLab lab) : MainJobSuite(lab.OrSkip());

[Collection(nameof(FunctionsLab))]
public sealed class FunctionsManagement(FunctionsLab lab) : ManagementSuite(lab.OrSkip());

[Collection(nameof(FunctionsLab))]
public sealed class FunctionsRecovery(FunctionsLab lab) : RecoverySuite(lab.OrSkip());

[Collection(nameof(FunctionsLab))]
public sealed class FunctionsSmoke(FunctionsLab lab) : SmokeSuite(lab.OrSkip());
