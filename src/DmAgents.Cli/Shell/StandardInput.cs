namespace DmAgents.Cli.Shell;

/// <summary>What the process is given to read.</summary>
/// <param name="Open">Opened only by the command that reads it.</param>
/// <param name="IsTerminal">Then it is a person, who would have to type an archive.</param>
/// <param name="Size">Of a regular file, in bytes; 0 for what only its end tells.</param>
internal sealed record StandardInput(Func<Stream> Open, bool IsTerminal, ulong Size)
{
    public const string Name = "standard input";

    public static StandardInput OfThisProcess() =>
        new(Console.OpenStandardInput, !Console.IsInputRedirected, SizeOf(new FileInfo("/dev/stdin")));

    /// <summary>Pipes and devices have no length.</summary>
    private static ulong SizeOf(FileInfo file) =>
        file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo { Exists: true } target ? (ulong)target.Length : 0;
}
