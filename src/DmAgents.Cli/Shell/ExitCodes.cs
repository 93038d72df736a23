using DmAgents.Api.Admin.V1;

namespace DmAgents.Cli.Shell;

/// <summary>The exit codes of the process. Scripts depend on these numbers.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int NotFound = 3;
    public const int Refused = 4;
    public const int NoSpace = 5;
    public const int Unreachable = 6;

    public static int Of(Problem.Types.Kind kind) => kind switch
    {
        Problem.Types.Kind.Usage => Usage,
        Problem.Types.Kind.NotFound => NotFound,
        // Busy is a state, too: the same command succeeds once the object is free.
        Problem.Types.Kind.Refused or Problem.Types.Kind.Busy => Refused,
        Problem.Types.Kind.NoSpace => NoSpace,
        Problem.Types.Kind.Unavailable => Unreachable,
        _ => Failed,
    };
}
