using DmAgents.Api.Admin.V1;

namespace DmAgents.Cli.Output;

internal static class FailureText
{
    public static void Write(TextWriter error, Problem problem)
    {
        string[] parts = [problem.What, problem.Object, problem.Why];
        error.WriteLine("dmagent: " + string.Join(": ", parts.Where(part => part.Length > 0)));
        if (problem.Next.Length > 0)
            error.WriteLine($"  next: {problem.Next}");
    }
}

internal static class KindWord
{
    public static string Of(Problem.Types.Kind kind) => Words.Of(kind).Replace(' ', '_');
}
