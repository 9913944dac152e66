//! The same events over WebSocket, for whoever changes what they want to be told as they go.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use tokio::time;

use super::filter::Filter;
use super::hub::Place;
use super::stream::{self as streams, Order, Stream, Told, What};
use super::{Asked, Client};
use crate::api::context::Context;
use crate::api::cursor::EventCursor;
use crate::api::extract::Query;
use crate::api::problem::{Code, Problem};
use crate::api::view::{EventView, HeartbeatEvent, RefusedEvent, SubscribedEvent, SubscriptionView};
use crate::node::Cursor;

/// Bytes of what a client says at once; whoever says more is cut off.
const MESSAGE_BYTES_MAX: usize = 16 << 10;

/// What happens, over WebSocket
///
/// The same events as at `/v1/events`, each a text frame of JSON. At any time the client may send what it wants from here on,
/// a text frame with `types`, `addresses` and `after`: `subscribed` answers it, and what came before that belongs to what was
/// asked before. Without `after` it goes on where the stream is. `refused` says what was wrong with it.
#[utoipa::path(get, path = "/v1/events/socket", tag = "events", operation_id = "events_socket", params(Asked),
    request_body(content = SubscriptionView, content_type = "application/json",
        description = "Not with the request: what may be sent over the socket at any time"),
    responses(
        (status = SWITCHING_PROTOCOLS, body = EventView, content_type = "application/json",
            description = "Text frames, each an event")))]
pub(super) async fn socket(
    State(context): State<Context>,
    Client(address): Client,
    Query(asked): Query<Asked>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|error| Problem::new(Code::BadRequest, error.body_text()))?;
    let prefix = &context.params().prefix;
    let filter = Filter::of_query(asked.types.as_deref(), asked.address.as_deref(), prefix)?;
    let after = asked.after.map(|text| text.parse::<EventCursor>()).transpose()?.map(|cursor| cursor.0);
    let place = streams::enter(&context, address)?;
    let order = Order { filter: filter.into(), after };
    let upgrade = upgrade.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX);
    Ok(upgrade.on_upgrade(|socket| serve(context, socket, order, place)))
}

/// Nobody is there any more, or does not read.
struct Gone;

/// One client.
struct Session {
    context: Context,
    socket: WebSocket,
    stream: Stream,
    /// Behind everything that was sent.
    position: Cursor,
}

async fn serve(context: Context, socket: WebSocket, order: Order, _place: Place) {
    let position = order.after.unwrap_or_else(|| context.node().cursor());
    let stream = Stream::begin(&context, order);
    let mut session = Session { context, socket, stream, position };
    while session.step().await.is_ok() {}
}

impl Session {
    async fn step(&mut self) -> Result<(), Gone> {
        tokio::select! {
            told = self.stream.next() => match told {
                Some(told) => self.tell(told).await,
                None => Err(Gone),
            },
            said = self.socket.recv() => match said {
                Some(Ok(Message::Text(text))) => self.listen(text.as_str()).await,
                Some(Ok(Message::Binary(_))) => {
                    self.refuse(Problem::new(Code::BadRequest, "expected a text frame of JSON")).await
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
                Some(Ok(Message::Close(_))) => {
                    // What it is answered with goes out with the next look at the socket.
                    let _ = time::timeout(streams::slow(&self.context), self.socket.recv()).await;
                    Err(Gone)
                }
                Some(Err(_)) | None => Err(Gone),
            },
        }
    }

    async fn tell(&mut self, told: Told) -> Result<(), Gone> {
        self.position = told.at;
        let event = match told.what {
            What::Event(event) => event,
            What::Place => return Ok(()),
            What::Heartbeat => {
                EventView::Heartbeat(HeartbeatEvent { cursor: EventCursor(told.at).to_string() })
            }
        };
        let is_last = matches!(event, EventView::Closing(_));
        self.send(&event).await?;
        if is_last {
            let frame = CloseFrame { code: close_code::AWAY, reason: "closing".into() };
            self.put(Message::Close(Some(frame))).await?;
            return Err(Gone);
        }
        Ok(())
    }

    /// Changes what is told.
    async fn listen(&mut self, text: &str) -> Result<(), Gone> {
        match self.order(text) {
            Err(problem) => self.refuse(problem).await,
            Ok(order) => {
                let after = order.after.unwrap_or(self.position);
                // What was made for the filter before, and not sent, is made anew for this one.
                let order = Order { after: Some(after), ..order };
                self.position = after;
                let subscribed = EventView::Subscribed(SubscribedEvent {
                    types: order.filter.types(),
                    addresses: order.filter.addresses().map(|address| self.context.text(address)).collect(),
                    cursor: EventCursor(after).to_string(),
                });
                self.send(&subscribed).await?;
                self.stream = Stream::begin(&self.context, order);
                Ok(())
            }
        }
    }

    fn order(&self, text: &str) -> Result<Order, Problem> {
        let asked: SubscriptionView =
            serde_json::from_str(text).map_err(|error| Problem::new(Code::BadRequest, error.to_string()))?;
        let filter = Filter::of_subscription(&asked, &self.context.params().prefix)?;
        let after = asked.after.map(|text| text.parse::<EventCursor>()).transpose()?;
        Ok(Order { filter: Arc::new(filter), after: after.map(|cursor| cursor.0) })
    }

    async fn refuse(&mut self, problem: Problem) -> Result<(), Gone> {
        self.send(&EventView::Refused(RefusedEvent { problem })).await
    }

    async fn send(&mut self, event: &EventView) -> Result<(), Gone> {
        let text = serde_json::to_string(event).expect("an event is plain text and numbers");
        self.put(Message::Text(text.into())).await
    }

    async fn put(&mut self, message: Message) -> Result<(), Gone> {
        match time::timeout(streams::slow(&self.context), self.socket.send(message)).await {
            Ok(sent) => sent.map_err(|_| Gone),
            Err(_) => {
                self.context.hub().give_up();
                Err(Gone)
            }
        }
    }
}
