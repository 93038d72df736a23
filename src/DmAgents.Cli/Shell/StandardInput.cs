namespace DmAgents.Cli.Shell;

/// <summary>The process's standard input.</summary>
/// <param name="Open">Called only by the command that reads it.</param>
/// <param name="IsTerminal">A person would have to type the archive.</param>
/// <param name="Size">The size of a regular file, in bytes; 0 if only the end shows it.</param>
internal sealed record StandardInput(Func<Stream> Open, bool IsTerminal, ulong Size)
{
    public const string Name = "standard input";

    public static StandardInput OfThisProcess() =>
        new(Console.OpenStandardInput, !Console.IsInputRedirected, SizeOf(new FileInfo("/dev/stdin")));

    /// <summary>Pipes and devices have no length.</summary>
    private static ulong SizeOf(FileInfo file) =>
        file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo { Exists: true } target ? (ulong)target.Length : 0;
}
