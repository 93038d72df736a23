using Akka.Actor;
using Akka.Event;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Hosts;

/// <summary>Refuses commands that no actor processed: those in the mailbox of an actor that stopped, and those sent to
/// it later.</summary>
/// <remarks>Without this reply the caller waits until its timeout, and does not know whether the pool changed. Akka
/// delivers each unprocessed message to its dead letters: such a command has not begun.</remarks>
public sealed class UndeliveredCommands : UntypedActor
{
    public static Props Props() => Akka.Actor.Props.Create(() => new UndeliveredCommands());

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(DeadLetter));

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case DeadLetter { Message: HostMessages.ToPool to } letter:
                Refuse(letter.Sender, to.Command, to.Pool.Value);
                break;
            case DeadLetter { Message: PoolCommand command } letter:
                Refuse(letter.Sender, command, "its pool");
                break;
            case DeadLetter:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private static void Refuse(IActorRef sender, PoolCommand command, string pool) =>
        sender.Tell(new PoolReplies.Refused(command.Request, new Refusal(
            RefusalKind.Busy, "cannot take the request", pool,
            "the pool stopped or starts again; the request has not begun", "try again in a moment")));
}
