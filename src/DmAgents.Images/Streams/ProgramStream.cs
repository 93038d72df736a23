using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Text;

namespace DmAgents.Images.Streams;

/// <summary>
/// A stream filtered by a system program: a separate thread feeds it while its output is read. The end is reached only
/// if the program succeeded. The program ends with this stream, or with the agent, whose end of the pipe it reads from.
/// </summary>
internal sealed class ProgramStream : ReadOnlyStream
{
    // The capacity of a pipe.
    private const int ChunkSize = 64 * 1024;

    // The maximum of error output to keep; the rest repeats.
    private const int MaxComplaint = 1024;

    private readonly Stream source;
    private readonly ProgramFailure failed;
    private readonly Process process;
    private readonly Thread feeder;
    private readonly StringBuilder complaint = new();
    private ExceptionDispatchInfo? sourceFailure;
    private bool ended;

    /// <param name="source">Owned, and read on another thread until the end or the disposal of this stream.</param>
    /// <param name="program">The program with its arguments: filters standard input to standard output.</param>
    /// <param name="failed">Creates the exception if the program cannot be started or fails.</param>
    public ProgramStream(Stream source, IReadOnlyList<string> program, ProgramFailure failed)
    {
        (this.source, this.failed) = (source, failed);
        process = new Process
        {
            StartInfo = new ProcessStartInfo(program[0], program.Skip(1))
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                // The agent matches words of its error output.
                Environment = { ["LC_ALL"] = "C" },
            },
        };
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        try
        {
            process.Start();
        }
        catch (Win32Exception missing)
        {
            process.Dispose();
            throw failed(null, missing.Message);
        }
        process.BeginErrorReadLine();
        feeder = new Thread(Feed) { IsBackground = true, Name = "feeds " + program[0] };
        feeder.Start();
    }

    /// <summary>Turns a failure into a message for the operator.</summary>
    /// <param name="exitStatus">Null if the program could not be started.</param>
    /// <param name="complaint">The program's error output.</param>
    internal delegate ImageException ProgramFailure(int? exitStatus, string complaint);

    public override int Read(Span<byte> buffer)
    {
        if (ended || buffer.IsEmpty)
            return 0;
        var count = process.StandardOutput.BaseStream.Read(buffer);
        if (count == 0)
            End();
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            if (!process.HasExited)
                process.Kill();
            // Writing to an ended program fails, so the thread ends after its current read.
            feeder.Join();
            process.Dispose();
            source.Dispose();
        }
        base.Dispose(disposing);
    }

    private void End()
    {
        // Also waits for its last error output.
        process.WaitForExit();
        feeder.Join();
        sourceFailure?.Throw();
        if (process.ExitCode != 0)
            throw failed(process.ExitCode, complaint.ToString().Trim());
        ended = true;
    }

    private void Feed()
    {
        try
        {
            var buffer = new byte[ChunkSize];
            using var input = process.StandardInput.BaseStream;
            for (int count; (count = Take(buffer)) > 0;)
                input.Write(buffer.AsSpan(0, count));
        }
        catch (IOException)
        {
            // The program ended before its input did: its exit status says whether that is correct.
        }
    }

    /// <summary>Any exception must reach the reader: on this thread it would end the process.</summary>
    private int Take(byte[] buffer)
    {
        try
        {
            return source.Read(buffer);
        }
        catch (Exception failure)
        {
            sourceFailure = ExceptionDispatchInfo.Capture(failure);
            return 0;
        }
    }

    private void Note(string? line)
    {
        if (line is not null && complaint.Length < MaxComplaint)
            complaint.Append(line).Append(' ');
    }
}
