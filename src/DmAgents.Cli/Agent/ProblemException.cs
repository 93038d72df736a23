using DmAgents.Api.Admin.V1;

namespace DmAgents.Cli.Agent;

/// <summary>Ends a command with a problem that the command line itself found.</summary>
internal sealed class ProblemException(Problem problem) : Exception(problem.Why)
{
    public Problem Problem { get; } = problem;
}
